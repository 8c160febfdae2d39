//! Softmax along an axis.

use super::{LogProbabilities, Tensor};
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

    /// `x - ln(sum(exp(x)))` along an axis without padding: the logarithms of the softmax. They are a tensor that says so: see
    /// [`LogProbabilities`].
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Vocab = 4; }
    /// let logarithms = Tensor::zeros((Batch, Vocab)).log_softmax(Vocab);
    /// assert!((logarithms.exp().sum(Vocab).to_vec()[0] - 1.0).abs() < 1e-6);
    /// ```
    pub fn log_softmax<D, Position, X>(&self, axis: D) -> LogProbabilities<S, S::Dim, B>
    where
        S: Axis<D, Position, Dim = X>,
        X: Compared,
    {
        let tensor = Tensor::from_parts(self.shape, B::log_softmax(self.array.clone(), S::INDEX));
        LogProbabilities::from_logarithms(tensor, axis)
    }
}
