use candle_core::Result;
use gallery_candle::*;

fn main() -> Result<()> {
    let x = wave((1, 3, 2, 2))?; // (batch, sequence, heads, head_dim)
    let y = x.transpose(1, 2)?.contiguous()?;
    report(&attend(&x, &x, &x)?, &attend(&y, &y, &y)?.transpose(1, 2)?)
}
