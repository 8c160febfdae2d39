use candle_core::Result;
use candle_nn::rotary_emb::rope;
use gallery_candle::*;

fn main() -> Result<()> {
    let (x, angle) = (wave((1, 1, 2, 5))?, wave((2, 2))?);
    rope(&x, &angle.cos()?, &angle.sin()?)?;
    Ok(())
}
