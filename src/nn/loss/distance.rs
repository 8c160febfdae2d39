//! Losses of numbers, each by its distance from that which was to be predicted.

use crate::backend::{ArrayOf, Backend, Binary, Float, Unary, constant};
use crate::shape::{SameShape, Shape};
use crate::tensor::{SameBackend, Tensor};

fn difference<S: Shape, R: Shape, B: Backend<Elem: Float>>(
    predicted: &Tensor<S, B>,
    targets: &Tensor<R, impl SameBackend<B>>,
) -> ArrayOf<B> {
    B::binary(Binary::Sub, predicted.array().clone(), targets.array().clone())
}

/// The square of each distance. Its mean is the mean squared error.
///
/// ```
/// use congruent::{nn::squared_error, prelude::*};
/// dims! { Batch = 2; }
/// let predicted = Tensor::from_nested((Batch,), [1.0, 5.0]).tracked();
/// let loss: Tensor<()> = squared_error(&predicted, &Tensor::from_nested((Batch,), [1.0, 2.0])).mean(Batch);
/// assert_eq!(loss.scalar(), 4.5);
/// assert_eq!(loss.backward().of(&predicted).to_vec(), [0.0, 3.0]);
/// ```
#[doc(alias("MSELoss", "mse_loss"))]
pub fn squared_error<S: Shape, R: Shape + SameShape<S>, B: Backend<Elem: Float>>(
    predicted: &Tensor<S, B>,
    targets: &Tensor<R, impl SameBackend<B>>,
) -> Tensor<S, B> {
    Tensor::from_parts(predicted.shape(), B::unary(Unary::Square, difference(predicted, targets)))
}

/// Each distance. Its mean is the mean absolute error.
///
/// ```
/// use congruent::{nn::absolute_error, prelude::*};
/// dims! { Batch = 2; }
/// let predicted = Tensor::from_nested((Batch,), [1.0, 5.0]).tracked();
/// let loss: Tensor<()> = absolute_error(&predicted, &Tensor::from_nested((Batch,), [1.0, 2.0])).mean(Batch);
/// assert_eq!(loss.scalar(), 1.5);
/// assert_eq!(loss.backward().of(&predicted).to_vec(), [0.0, 0.5]);
/// ```
#[doc(alias("L1Loss", "l1_loss"))]
pub fn absolute_error<S: Shape, R: Shape + SameShape<S>, B: Backend<Elem: Float>>(
    predicted: &Tensor<S, B>,
    targets: &Tensor<R, impl SameBackend<B>>,
) -> Tensor<S, B> {
    Tensor::from_parts(predicted.shape(), B::unary(Unary::Abs, difference(predicted, targets)))
}

/// Half the square of each distance up to `delta`, and beyond it grows with the distance:
/// `delta · (|x - y| - delta / 2)` ([Huber 1964](https://doi.org/10.1214/aoms/1177703732)). Divided by `delta`, it is what is
/// called smooth L1.
///
/// ```
/// use congruent::{nn::huber, prelude::*};
/// dims! { Batch = 2; }
/// let predicted = Tensor::from_nested((Batch,), [1.0, 5.0]).tracked();
/// let losses = huber(&predicted, &Tensor::from_nested((Batch,), [1.5, 2.0]), 1.0);
/// assert_eq!(losses.to_vec(), [0.125, 2.5]);
/// assert_eq!(losses.sum(Batch).backward().of(&predicted).to_vec(), [-0.5, 1.0]);
/// ```
#[doc(alias("SmoothL1Loss", "smooth_l1_loss"))]
pub fn huber<S: Shape, R: Shape + SameShape<S>, B: Backend<Elem: Float>>(
    predicted: &Tensor<S, B>,
    targets: &Tensor<R, impl SameBackend<B>>,
    delta: f64,
) -> Tensor<S, B> {
    let distance = B::unary(Unary::Abs, difference(predicted, targets));
    // Both parts at once: min(d, delta) · (d - min(d, delta) / 2).
    let near = B::binary_scalar(Binary::Min, distance.clone(), constant(delta));
    let half = B::binary_scalar(Binary::Mul, near.clone(), constant(0.5));
    let losses = B::binary(Binary::Mul, near, B::binary(Binary::Sub, distance, half));
    Tensor::from_parts(predicted.shape(), losses)
}
