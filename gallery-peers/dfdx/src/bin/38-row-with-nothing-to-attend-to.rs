use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let x = wave::<Rank4<1, 1, 2, 2>>();
    let allowed = dev.tensor([[false, false], [true, true]]);
    let bias = allowed.choose(dev.zeros(), dev.zeros::<Rank2<2, 2>>() + f32::NEG_INFINITY);
    let got = attend_heads(x.clone(), x.clone(), x, bias.broadcast::<_, Axes2<0, 1>>());
    report(got.slice((.., .., 0..1, ..)).reshape_like(&(2,)), dev.tensor([0.0, 0.0]));
}
