//! Numbers for the programs of the gallery: the same as in the programs for other systems.
#![allow(dead_code)]

use congruent::Tensor;
use congruent::shape::Shape;

/// sin(1), sin(2), ..: numbers without a pattern.
pub fn wave<S: Shape>(shape: S) -> Tensor<S> {
    let numbers = (1..=shape.elements()).map(|i| (i as f32).sin()).collect();
    Tensor::from_vec(shape, numbers).unwrap()
}

/// 0, 1, 2, ..
pub fn count<S: Shape>(shape: S) -> Tensor<S> {
    Tensor::from_vec(shape, (0..shape.elements()).map(|i| i as f32).collect()).unwrap()
}

/// That the numbers are those of PyTorch, which calculates in single precision as well.
pub fn assert_close<S: Shape>(found: &Tensor<S>, expected: &[f32]) {
    let found = found.to_vec();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 2e-5 * expected.abs().max(1.0), "{found} for {expected}");
    }
}
