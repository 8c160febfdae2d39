use candle_core::{D, Result, Tensor};
use candle_nn::ops::log_softmax;
use gallery_candle::*;

fn main() -> Result<()> {
    let prompt = Tensor::new(&[[[0u32], [1], [2], [3]]], &Cpu)?;
    let next = [[0f32, 9.0, 0.0, 0.0], [0.0, 0.0, 9.0, 0.0], [0.0, 0.0, 0.0, 9.0], [9.0, 0.0, 0.0, 0.0]];
    // Of a model that is all but certain of what follows.
    let scores = log_softmax(&Tensor::new(&[next], &Cpu)?, D::Minus1)?;
    let right = scores.narrow(1, 0, 3)?.contiguous()?.gather(&prompt.narrow(1, 1, 3)?.contiguous()?, 2)?;
    report(&scores.gather(&prompt, 2)?, &right)
}
