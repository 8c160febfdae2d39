use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let table = wave((4, 2))?;
    table.embedding(&Tensor::arange(0u32, 6, &Cpu)?)?;
    Ok(())
}
