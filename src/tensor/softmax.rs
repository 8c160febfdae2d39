//! Softmax along an axis.

use super::Tensor;
use crate::backend::{Backend, Float};
use crate::dim::Compared;
use crate::shape::{Axis, Shape};

impl<S: Shape, B: Backend<Elem: Float>> Tensor<S, B> {
    /// `exp(x) / sum(exp(x))` along an axis without padding.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Vocab = 4; }
    /// let probabilities = Tensor::zeros((Batch, Vocab)).softmax(Vocab);
    /// assert_eq!(probabilities.to_vec(), [0.25; 8]);
    /// ```
    pub fn softmax<D, Position, X>(&self, axis: D) -> Self
    where
        S: Axis<D, Position, Dim = X>,
        X: Compared,
    {
        let _ = axis;
        Tensor::from_parts(self.shape, B::softmax(self.array.clone(), S::INDEX))
    }

    /// `x - ln(sum(exp(x)))` along an axis without padding: the logarithm of the softmax.
    pub fn log_softmax<D, Position, X>(&self, axis: D) -> Self
    where
        S: Axis<D, Position, Dim = X>,
        X: Compared,
    {
        let _ = axis;
        Tensor::from_parts(self.shape, B::log_softmax(self.array.clone(), S::INDEX))
    }
}
