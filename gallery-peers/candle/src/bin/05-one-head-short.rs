use candle_core::{D, Result, Tensor};
use candle_nn::{Linear, Module};
use gallery_candle::*;

fn main() -> Result<()> {
    let heads = [wave((1, 2, 2))?, wave((1, 2, 2))?, wave((1, 2, 2))?];
    let output = Linear::new(wave((6, 6))?, Some(wave(6)?));
    output.forward(&Tensor::cat(&heads[..2], D::Minus1)?)?;
    Ok(())
}
