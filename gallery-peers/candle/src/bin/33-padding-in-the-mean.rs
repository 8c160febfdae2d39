use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let x = Tensor::new(&[[[1f32], [3.0], [0.0], [0.0]]], &Cpu)?; // 2 tokens, 2 of padding
    report(&x.mean(1)?, &Tensor::new(&[[2f32]], &Cpu)?)
}
