use candle_core::Result;
use gallery_candle::*;

fn main() -> Result<()> {
    let (x, heads) = (wave((1, 2, 6))?, 4);
    x.reshape((1, 2, heads, 6 / heads))?;
    Ok(())
}
