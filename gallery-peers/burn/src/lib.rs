//! How a program of the gallery ends: a wrong number is reported, a panic is left to itself.

use burn::module::Param;
use burn::nn::Linear;
use burn::nn::attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData};

/// Prints whether a result that burn gave without a word is the right one.
pub fn report<const A: usize, const B: usize>(got: Tensor<A>, right: Tensor<B>) {
    let (dims, right_dims) = (got.dims().to_vec(), right.dims().to_vec());
    let (a, b) = (got.try_into_vec_as::<f32>().unwrap(), right.try_into_vec_as::<f32>().unwrap());
    let near = a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= 1e-5 + 1e-5 * b.abs());
    if dims == right_dims && near {
        println!("right");
    } else {
        println!("wrong: {} for {}", short(&dims, &a), short(&right_dims, &b));
    }
}

/// The sizes and the first eight numbers, to six digits.
fn short(dims: &[usize], x: &[f32]) -> String {
    let dims: Vec<_> = dims.iter().map(usize::to_string).collect();
    let values: Vec<_> = x.iter().take(8).map(|v| format!("{v:.5e}").parse::<f64>().unwrap().to_string()).collect();
    format!("({}) [{}{}]", dims.join(", "), values.join(", "), if x.len() > 8 { ", .." } else { "" })
}

/// 0, 1, 2, .. in this shape.
pub fn arange<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    let values: Vec<f32> = (0..shape.iter().product()).map(|i: usize| i as f32).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::default())
}

/// Numbers without a pattern, the same in every system: sin(1), sin(2), ..
pub fn wave<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    (arange(shape) + 1.0).sin()
}

/// softmax(q kT / sqrt(d)) v.
pub fn attend<const D: usize>(q: Tensor<D>, k: Tensor<D>, v: Tensor<D>) -> Tensor<D> {
    let bias = Tensor::zeros([1; D], &q.device());
    attend_biased(q, k, v, bias)
}

/// softmax(q kT / sqrt(d) + bias) v.
pub fn attend_biased<const D: usize>(q: Tensor<D>, k: Tensor<D>, v: Tensor<D>, bias: Tensor<D>) -> Tensor<D> {
    let d = q.dims()[D - 1] as f32;
    softmax(q.matmul(k.transpose()) / d.sqrt() + bias, D - 1).matmul(v)
}

/// An attention layer of one head whose projections change nothing.
pub fn plain_attention(d_model: usize, device: &Device) -> MultiHeadAttention {
    let identity = || Linear { weight: Param::from_tensor(Tensor::eye(d_model, device)), bias: None };
    let layer = MultiHeadAttentionConfig::new(d_model, 1).init(device);
    MultiHeadAttention { query: identity(), key: identity(), value: identity(), output: identity(), ..layer }
}
