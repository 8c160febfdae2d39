use candle_core::{DType, Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let x = wave((1, 1, 3, 2))?;
    let padding = Tensor::new(&[0u8, 0, 1], &Cpu)?; // 1 is padding
    let masked = |mask: &Tensor| {
        let (zero, infinite) = (Tensor::zeros(3, DType::F32, &Cpu)?, Tensor::full(f32::NEG_INFINITY, 3, &Cpu)?);
        attend_with(&x, &x, &x, &mask.where_cond(&zero, &infinite)?) // 1 is attended to
    };
    report(&masked(&padding)?, &masked(&padding.eq(0u8)?)?)
}
