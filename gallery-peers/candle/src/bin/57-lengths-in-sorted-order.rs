use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let states = Tensor::new(&[[[6f32], [0.0], [0.0]], [[3.0], [3.0], [3.0]]], &Cpu)?; // of texts of 1 and of 3 tokens
    let lengths = [[1f32], [3.0]];
    let mut ordered = lengths; // for a recurrent layer; its states are in the given order again
    ordered.sort_by(|a, b| b[0].total_cmp(&a[0]));
    let mean = |lengths| states.sum(1)?.broadcast_div(&Tensor::new(&lengths, &Cpu)?);
    report(&mean(ordered)?, &mean(lengths)?)
}
