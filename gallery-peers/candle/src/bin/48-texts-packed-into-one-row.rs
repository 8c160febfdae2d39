use candle_core::{DType, Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    // Two texts of two tokens.
    let (q, v) = (Tensor::ones((1, 4, 1), DType::F32, &Cpu)?, Tensor::new(&[[[100f32], [100.0], [1.0], [1.0]]], &Cpu)?);
    let no = f32::NEG_INFINITY;
    let causal = Tensor::new(&[[0.0, no, no, no], [0.0, 0.0, no, no], [0.0, 0.0, 0.0, no], [0.0; 4]], &Cpu)?;
    let own = Tensor::new(&[[0.0, no, no, no], [0.0, 0.0, no, no], [no, no, 0.0, no], [no, no, 0.0, 0.0]], &Cpu)?;
    report(&attend_with(&q, &q, &v, &causal)?, &attend_with(&q, &q, &v, &own)?)
}
