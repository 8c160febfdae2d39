use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (x, weight) = (wave::<Rank2<2, 2>>(), wave::<Rank2<2, 2>>()); // stored (in, out), as GPT-2 does
    let layer = modules::Linear { weight: weight.clone(), bias: dev.zeros() };
    report(layer.forward(x.clone()), x.matmul(weight));
}
