use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let x = arange::<Rank3<2, 2, 3>>(); // (batch, sequence, embed)
    report(x.clone().select(dev.tensor(0)), x.select(dev.tensor([0, 0])));
}
