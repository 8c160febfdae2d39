use candle_core::{IndexOp, Result, Tensor};
use candle_nn::loss::cross_entropy;
use gallery_candle::*;

fn main() -> Result<()> {
    let padding = [0.0, 8.0, 0.0, 0.0]; // what the model says of it
    let logits = Tensor::new(&[[[0f32; 4], [0.0; 4], padding]], &Cpu)?;
    let targets = Tensor::new(&[[2u32, 3, 0]], &Cpu)?; // 2 tokens, then padding
    let right = cross_entropy(&logits.i((0, ..2))?, &targets.i((0, ..2))?)?;
    report(&cross_entropy(&logits.flatten_to(1)?, &targets.flatten_all()?)?, &right)
}
