use candle_core::{Result, Tensor};
use candle_nn::loss::mse;
use gallery_candle::*;

fn main() -> Result<()> {
    let (predictions, targets) = (Tensor::new(&[[1f32], [2.0], [3.0]], &Cpu)?, Tensor::new(&[1f32, 2.0, 3.0], &Cpu)?);
    report(&mse(&predictions, &targets)?, &Tensor::new(0f32, &Cpu)?)
}
