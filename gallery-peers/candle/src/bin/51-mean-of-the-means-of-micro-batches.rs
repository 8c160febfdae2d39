use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    // Losses of 4 tokens, and of 1.
    let (a, b) = (Tensor::new(&[1f32, 1.0, 1.0, 1.0], &Cpu)?, Tensor::new(&[6f32], &Cpu)?);
    let got = ((a.mean_all()? + b.mean_all()?)? / 2.0)?;
    report(&got, &Tensor::cat(&[a, b], 0)?.mean_all()?)
}
