use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let x = wave((2, 2, 2, 2))?; // (batch, heads, sequence, head_dim): 2 of each
    let one = [0.0, f32::NEG_INFINITY]; // the second sequence has one token
    let bias = Tensor::new(&[[[0.0, 0.0], [0.0, 0.0]], [one, one]], &Cpu)?; // (batch, queries, keys)
    report(&attend_with(&x, &x, &x, &bias)?, &attend_with(&x, &x, &x, &bias.unsqueeze(1)?)?)
}
