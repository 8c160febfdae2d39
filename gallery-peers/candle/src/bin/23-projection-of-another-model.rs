use candle_core::Result;
use candle_nn::{Linear, Module};
use gallery_candle::*;

fn main() -> Result<()> {
    let (x, layer) = (wave((2, 6))?, Linear::new(wave((8, 8))?, Some(wave(8)?)));
    layer.forward(&x)?;
    Ok(())
}
