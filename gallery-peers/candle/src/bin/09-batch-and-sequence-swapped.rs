use candle_core::{Result, Tensor};
use gallery_candle::*;

/// Self-attention over (sequence, batch, embed).
fn layer(x: &Tensor) -> Result<Tensor> {
    let x = x.transpose(0, 1)?.contiguous()?;
    attend(&x, &x, &x)?.transpose(0, 1)
}

fn main() -> Result<()> {
    let x = wave((3, 3, 2))?; // (batch, sequence, embed), 3 of each
    report(&layer(&x)?, &attend(&x, &x, &x)?)
}
