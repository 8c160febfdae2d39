//! How a program of the gallery ends: a wrong number is reported, a panic is left to itself.

use dfdx::prelude::*;

/// A tensor of this shape, of numbers of one kind and on one device.
pub type T<S> = Tensor<S, f32, Cpu>;

/// Prints whether a result that dfdx gave without a word is the right one.
pub fn report<A: Shape, B: Shape>(got: T<A>, right: T<B>) {
    let (a, b) = (got.as_vec(), right.as_vec());
    let near = a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= 1e-5 + 1e-5 * b.abs());
    if dims(&got) == dims(&right) && near {
        println!("right");
    } else {
        println!("wrong: {} for {}", short(&dims(&got), &a), short(&dims(&right), &b));
    }
}

/// The sizes of a tensor.
fn dims<S: Shape>(x: &T<S>) -> Vec<usize> {
    x.shape().concrete().into()
}

/// The sizes and the first eight numbers, to six digits.
fn short(dims: &[usize], x: &[f32]) -> String {
    let dims: Vec<_> = dims.iter().map(usize::to_string).collect();
    let values: Vec<_> = x.iter().take(8).map(|v| format!("{v:.5e}").parse::<f64>().unwrap().to_string()).collect();
    format!("({}) [{}{}]", dims.join(", "), values.join(", "), if x.len() > 8 { ", .." } else { "" })
}

/// 0, 1, 2, .. in this shape.
pub fn arange<S: ConstShape>() -> T<S> {
    Cpu::default().tensor((0..S::NUMEL).map(|i| i as f32).collect::<Vec<_>>())
}

/// Numbers without a pattern, the same in every system: sin(1), sin(2), ..
pub fn wave<S: ConstShape>() -> T<S> {
    (arange::<S>() + 1.0).sin()
}

/// softmax(q kT / sqrt(d) + bias) v of one head.
pub fn attend<const B: usize, const Q: usize, const K: usize, const D: usize>(
    q: T<Rank3<B, Q, D>>,
    k: T<Rank3<B, K, D>>,
    v: T<Rank3<B, K, D>>,
    bias: T<Rank3<B, Q, K>>,
) -> T<Rank3<B, Q, D>> {
    let scores = q.matmul(k.permute::<_, Axes3<0, 2, 1>>()) / (D as f32).sqrt();
    (scores + bias).softmax::<Axis<2>>().matmul(v)
}

/// softmax(q kT / sqrt(d) + bias) v of several heads.
pub fn attend_heads<const B: usize, const H: usize, const Q: usize, const K: usize, const D: usize>(
    q: T<Rank4<B, H, Q, D>>,
    k: T<Rank4<B, H, K, D>>,
    v: T<Rank4<B, H, K, D>>,
    bias: T<Rank4<B, H, Q, K>>,
) -> T<Rank4<B, H, Q, D>> {
    let scores = q.matmul(k.permute::<_, Axes4<0, 1, 3, 2>>()) / (D as f32).sqrt();
    (scores + bias).softmax::<Axis<3>>().matmul(v)
}
