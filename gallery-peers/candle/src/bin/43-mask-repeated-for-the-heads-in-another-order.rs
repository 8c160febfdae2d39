use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let x = wave((4, 2, 2))?; // (batch and heads, sequence, head_dim): 2 sequences of 2 heads
    let one = [0.0, f32::NEG_INFINITY]; // the second sequence has one token
    let bias = Tensor::new(&[[[0.0, 0.0], [0.0, 0.0]], [one, one]], &Cpu)?; // (batch, queries, keys)
    let right = bias.unsqueeze(1)?.repeat((1, 2, 1, 1))?.flatten(0, 1)?;
    report(&attend_with(&x, &x, &x, &bias.repeat((2, 1, 1))?)?, &attend_with(&x, &x, &x, &right)?)
}
