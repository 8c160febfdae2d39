use candle_core::{Result, Tensor};
use candle_nn::{Embedding, Module};
use gallery_candle::*;

fn main() -> Result<()> {
    let table = Embedding::new(wave((5, 2))?, 2);
    table.forward(&Tensor::new(&[1u32, 7], &Cpu)?)?;
    Ok(())
}
