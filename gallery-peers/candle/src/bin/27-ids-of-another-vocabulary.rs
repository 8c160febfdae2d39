use candle_core::{Result, Tensor};
use candle_nn::{Embedding, Module};
use gallery_candle::*;

fn main() -> Result<()> {
    let (english, german) = (Embedding::new(wave((10, 2))?, 2), Embedding::new(wave((10, 2))?.neg()?, 2)); // two tables
    let ids = Tensor::new(&[3u32, 4], &Cpu)?; // of the English tokenizer
    report(&german.forward(&ids)?, &english.forward(&ids)?)
}
