//! Softmax along an axis.

use super::{LogProbabilities, Tensor};
use crate::backend::{Backend, Float};
use crate::dim::{Compared, Whole};
use crate::shape::{Axis, Shape, SoftmaxAlong};

impl<S: Shape, B: Backend<Elem: Float>> Tensor<S, B> {
    /// `exp(x) / sum(exp(x))` along an axis without padding.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Vocab = 4; }
    /// let probabilities = Tensor::zeros((Batch, Vocab)).softmax(Vocab);
    /// assert_eq!(probabilities.to_vec(), [0.25; 8]);
    /// ```
    ///
    /// Losses take logits, have a softmax of their own, and refuse what a softmax gave: see
    /// [`cross_entropy`](crate::nn::cross_entropy).
    ///
    /// Where two neighbours have one name, as in the scores of self-attention `(B, H, S, S)`, they are queries and keys. Along the
    /// keys, the second, it is `scores.softmax(At::<3>)`; along the queries it does not compile. Where that is meant, one of the two
    /// gets another name:
    ///
    /// ```
    /// use congruent::dim::Keys;
    /// use congruent::prelude::*;
    /// dims! { Nodes = 3; }
    /// let links = Tensor::ones((Nodes, Nodes));
    /// let of_each_column: Tensor<(Nodes, Keys<Nodes>)> = links.relabel(At::<1>, Keys(Nodes)).softmax(Nodes);
    /// ```
    ///
    /// ```compile_fail,E0283
    /// use congruent::prelude::*;
    /// dims! { Nodes = 3; }
    /// Tensor::ones((Nodes, Nodes)).softmax(At::<0>);
    /// ```
    pub fn softmax<D, Position, X, Parent, KeysOrQueries>(&self, axis: D) -> Self
    where
        S: Axis<D, Position, Dim = X, With<X> = Parent>,
        X: Whole + Compared,
        // The shape itself, once the position is known: where it is not, that is the one error.
        Parent: SoftmaxAlong<Position, KeysOrQueries>,
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
    ///
    /// # Panics
    /// Of what [`softmax`](Tensor::softmax) gave: logarithms of probabilities are [`ln`](Tensor::ln).
    #[track_caller]
    pub fn log_softmax<D, Position, X, Parent, KeysOrQueries>(&self, axis: D) -> LogProbabilities<S, S::Dim, B>
    where
        S: Axis<D, Position, Dim = X, With<X> = Parent>,
        X: Whole + Compared,
        // As of `softmax`.
        Parent: SoftmaxAlong<Position, KeysOrQueries>,
    {
        let twice = B::probabilities_by(&self.array) == Some("softmax");
        assert!(!twice, "`log_softmax` of what `softmax` gave: give it what `softmax` was given");
        let tensor = Tensor::from_parts(self.shape, B::log_softmax(self.array.clone(), S::INDEX));
        LogProbabilities::from_logarithms(tensor, axis)
    }
}
