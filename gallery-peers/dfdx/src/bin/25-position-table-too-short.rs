use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let table = wave::<Rank2<4, 2>>();
    let _: T<Rank2<6, 2>> = table.gather(dev.tensor([0, 1, 2, 3, 4, 5]));
}
