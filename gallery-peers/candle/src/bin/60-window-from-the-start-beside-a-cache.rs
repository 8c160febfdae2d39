use candle_core::{DType, Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let (q, k) = (Tensor::ones((1, 1, 1), DType::F32, &Cpu)?, Tensor::ones((1, 5, 1), DType::F32, &Cpu)?);
    let v = Tensor::new(&[[[1f32], [1.0], [1.0], [1.0], [100.0]]], &Cpu)?; // the query stands behind 4 keys
    // A window of the token and the one before it.
    let bias = |query: usize| {
        let hidden = |key| if key <= query && query < key + 2 { 0f32 } else { f32::NEG_INFINITY };
        Tensor::new(&[0, 1, 2, 3, 4].map(hidden), &Cpu)
    };
    report(&attend_with(&q, &k, &v, &bias(0)?)?, &attend_with(&q, &k, &v, &bias(4)?)?)
}
