use candle_core::Result;
use candle_nn::{Linear, Module};
use gallery_candle::*;

fn main() -> Result<()> {
    let (x, layer) = (arange((2, 4))?, Linear::new(wave((1, 4))?, Some(wave(1)?)));
    (&x + layer.forward(&x)?)?; // (2, 4) and (2, 1)
    Ok(())
}
