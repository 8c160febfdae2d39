use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let x = dev.tensor([[[1.0], [3.0], [0.0], [0.0]]]); // 2 tokens, 2 of padding
    report(x.mean::<_, Axis<1>>(), dev.tensor([[2.0]]));
}
