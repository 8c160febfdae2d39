//! What the programs of the gallery share.

use candle_core::{D, DType, Result, Shape, Tensor};
use candle_nn::ops::softmax;

pub use candle_core::Device::Cpu;

/// Prints whether a result that candle gave without a word is the right one.
pub fn report(got: &Tensor, right: &Tensor) -> Result<()> {
    let close = |(a, b): (f32, f32)| (a - b).abs() <= 1e-5 + 1e-5 * b.abs();
    if got.dims() == right.dims() && values(got)?.into_iter().zip(values(right)?).all(close) {
        println!("right");
    } else {
        println!("wrong: {} for {}", short(got)?, short(right)?);
    }
    Ok(())
}

fn values(x: &Tensor) -> Result<Vec<f32>> {
    x.to_dtype(DType::F32)?.flatten_all()?.to_vec1()
}

fn short(x: &Tensor) -> Result<String> {
    let shape: Vec<_> = x.dims().iter().map(usize::to_string).collect();
    let digits = |v: &f32| format!("{v:.5e}").parse::<f64>().map_or_else(|_| v.to_string(), |v| v.to_string());
    let first: Vec<_> = values(x)?.iter().take(8).map(digits).collect();
    let more = if x.elem_count() > 8 { ", .." } else { "" };
    Ok(format!("({}) [{}{more}]", shape.join(", "), first.join(", ")))
}

/// 0, 1, 2, .. in this shape.
pub fn arange(shape: impl Into<Shape>) -> Result<Tensor> {
    let shape = shape.into();
    Tensor::arange(0f32, shape.elem_count() as f32, &Cpu)?.reshape(shape)
}

/// Numbers without a pattern, the same in every system: sin(1), sin(2), ..
pub fn wave(shape: impl Into<Shape>) -> Result<Tensor> {
    (arange(shape)? + 1.0)?.sin()
}

/// softmax(q kT / sqrt(d)) v
pub fn attend(q: &Tensor, k: &Tensor, v: &Tensor) -> Result<Tensor> {
    attend_with(q, k, v, &Tensor::zeros((), DType::F32, &Cpu)?)
}

/// softmax(q kT / sqrt(d) + bias) v
pub fn attend_with(q: &Tensor, k: &Tensor, v: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let scores = (q.matmul(&k.t()?)? / (q.dim(D::Minus1)? as f64).sqrt())?;
    softmax(&scores.broadcast_add(bias)?, D::Minus1)?.matmul(v)
}
