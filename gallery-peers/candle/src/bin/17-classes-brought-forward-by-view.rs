use candle_core::{Result, Tensor};
use candle_nn::loss::cross_entropy;
use gallery_candle::*;

fn main() -> Result<()> {
    // (batch, classes, sequence): this loss wants the classes last
    let (logits, targets) = (wave((1, 4, 3))?, Tensor::new(&[0u32, 1, 2], &Cpu)?);
    let right = logits.transpose(1, 2)?.reshape((3, 4))?;
    report(&cross_entropy(&logits.reshape((3, 4))?, &targets)?, &cross_entropy(&right, &targets)?)
}
