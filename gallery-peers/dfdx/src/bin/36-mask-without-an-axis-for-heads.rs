use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let x = wave::<Rank4<2, 2, 2, 2>>(); // (batch, heads, sequence, head_dim): 2 of each
    let one_token = [[0.0, f32::NEG_INFINITY]; 2];
    let bias = dev.tensor([[[0.0; 2]; 2], one_token]); // (batch, queries, keys)
    let right = attend_heads(x.clone(), x.clone(), x.clone(), bias.clone().broadcast::<_, Axis<1>>());
    report(attend_heads(x.clone(), x.clone(), x, bias.broadcast()), right);
}
