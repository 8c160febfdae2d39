use dfdx::prelude::*;

const EMBED: usize = 384;

fn main() {
    // EDIT
    let device = Cpu::default();
    let x: Tensor<Rank1<EMBED>, f32, _> = device.ones();
    println!("{}", x.sum().array());
}
