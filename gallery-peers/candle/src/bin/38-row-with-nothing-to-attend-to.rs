use candle_core::{DType, IndexOp, Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let x = wave((1, 1, 2, 2))?;
    let allowed = Tensor::new(&[[0u8, 0], [1, 1]], &Cpu)?;
    let (zero, infinite) = (Tensor::zeros((2, 2), DType::F32, &Cpu)?, Tensor::full(f32::NEG_INFINITY, (2, 2), &Cpu)?);
    let bias = allowed.where_cond(&zero, &infinite)?;
    report(&attend_with(&x, &x, &x, &bias)?.i((0, 0, 0))?, &Tensor::new(&[0f32, 0.0], &Cpu)?)
}
