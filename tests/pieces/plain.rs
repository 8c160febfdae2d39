//! What plain loops need.

use congruent::prelude::*;

/// Compares with numbers of a plain loop.
#[track_caller]
pub fn close<S: Shape>(x: &Tensor<S>, expected: &[f64]) {
    let x = x.to_vec();
    assert_eq!(x.len(), expected.len());
    for (at, (x, y)) in x.iter().zip(expected).enumerate() {
        assert!((f64::from(*x) - y).abs() <= 2e-5 * (1.0 + y.abs()), "at {at}: {x} and {y}");
    }
}

/// Elements in double precision.
pub fn wide<S: Shape>(x: &Tensor<S>) -> Vec<f64> {
    x.to_vec().into_iter().map(f64::from).collect()
}

pub fn softmax(scores: &[f64]) -> Vec<f64> {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let e: Vec<f64> = scores.iter().map(|x| (x - most).exp()).collect();
    let sum: f64 = e.iter().sum();
    e.iter().map(|x| x / sum).collect()
}

/// `x (rows, input) · weightᵀ + bias`, with a weight of `(output, input)`.
pub fn linear(x: &[f64], weight: &[f64], bias: &[f64], input: usize) -> Vec<f64> {
    x.chunks(input)
        .flat_map(|row| {
            weight.chunks(input).zip(bias).map(move |(w, b)| row.iter().zip(w).map(|(x, w)| x * w).sum::<f64>() + b)
        })
        .collect()
}
