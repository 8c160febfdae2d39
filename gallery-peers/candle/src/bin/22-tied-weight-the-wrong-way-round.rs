use candle_core::Result;
use gallery_candle::*;

fn main() -> Result<()> {
    let (hidden, table) = (wave((2, 2))?, wave((3, 2))?); // (batch, embed), (vocab, embed)
    hidden.matmul(&table)?;
    Ok(())
}
