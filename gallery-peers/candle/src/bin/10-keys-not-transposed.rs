use candle_core::Result;
use gallery_candle::*;

fn main() -> Result<()> {
    let (q, k) = (wave((1, 2, 5, 4))?, wave((1, 2, 5, 4))?);
    q.matmul(&k)?;
    Ok(())
}
