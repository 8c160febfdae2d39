use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let x = wave::<Rank3<4, 2, 2>>(); // (batch and heads, sequence, head_dim): 2 sequences of 2 heads
    let one_token = [[0.0, f32::NEG_INFINITY]; 2];
    let bias: T<Rank3<2, 2, 2>> = dev.tensor([[[0.0; 2]; 2], one_token]); // (batch, queries, keys)
    let wrong: T<Rank4<2, 2, 2, 2>> = bias.clone().broadcast::<_, Axis<0>>();
    let right: T<Rank4<2, 2, 2, 2>> = bias.broadcast::<_, Axis<1>>();
    let right = attend(x.clone(), x.clone(), x.clone(), right.reshape());
    report(attend(x.clone(), x.clone(), x, wrong.reshape()), right);
}
