use dfdx::prelude::*;
use gallery_dfdx::*;

fn tokens<const S: usize>() -> usize {
    let q = wave::<Rank4<1, S, 4, 2>>(); // (batch, sequence, heads, head_dim)
    q.shape().concrete()[2]
}

fn main() {
    let dev = Cpu::default();
    report(dev.tensor((tokens::<3>() + tokens::<1>()) as f32), dev.tensor(4.0));
}
