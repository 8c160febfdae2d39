use candle_core::{DType, Result, Tensor};
use candle_nn::{LayerNorm, Module};
use gallery_candle::*;

fn main() -> Result<()> {
    let x = wave((1, 4, 4))?; // (batch, channels, positions): the norm is for channels
    let norm = LayerNorm::new(Tensor::ones(4, DType::F32, &Cpu)?, Tensor::zeros(4, DType::F32, &Cpu)?, 1e-5);
    report(&norm.forward(&x)?, &norm.forward(&x.t()?)?.t()?)
}
