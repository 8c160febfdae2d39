//! Many elements made one, along an axis.

use super::{Index, Tensor, TensorOf};
use crate::backend::{ArrayOf, Backend, Number, Reduce};
use crate::dim::{Averaged, Compared, Summed};
use crate::shape::{Axis, Shape};

// Written out, not made by a macro: the bounds are part of messages, which would show the macro.

/// Many elements made one, along an axis without padding.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 2; Embed = 4; }
/// let x = Tensor::from_nested((Batch, Embed), [[1.0, 2.0, 3.0, 6.0], [0.0; 4]]);
/// let mean: Tensor<(Batch,)> = x.mean(Embed);
/// assert_eq!(mean.to_vec(), [3.0, 0.0]);
/// assert_eq!(x.max(At::<1>).to_vec(), [6.0, 0.0]);
/// ```
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The sum along an axis; 0 if it is empty.
    #[doc(alias("sum_axis", "sum_dim"))]
    pub fn sum<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Summed,
        Rest: Shape,
        B::Elem: Number,
    {
        self.reduce(Reduce::Sum, axis)
    }

    /// The mean along an axis; NaN if it is empty.
    #[doc(alias("mean_axis", "mean_dim"))]
    pub fn mean<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Averaged,
        Rest: Shape,
        B::Elem: Number,
    {
        self.reduce(Reduce::Mean, axis)
    }

    /// The variance along an axis: the mean square distance from the mean; NaN if it is empty.
    #[doc(alias("var_axis", "std"))]
    pub fn var<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Averaged,
        Rest: Shape,
        B::Elem: Number,
    {
        self.reduce(Reduce::Variance, axis)
    }

    /// The largest element along an axis; NaN if any is; `-∞` (for integers the lowest value) if it is empty.
    #[doc(alias("amax", "max_dim"))]
    pub fn max<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Compared,
        Rest: Shape,
        B::Elem: Number,
    {
        self.reduce(Reduce::Max, axis)
    }

    /// The smallest element along an axis; NaN if any is; `∞` (for integers the highest value) if it is empty.
    #[doc(alias("amin", "min_dim"))]
    pub fn min<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Compared,
        Rest: Shape,
        B::Elem: Number,
    {
        self.reduce(Reduce::Min, axis)
    }

    fn reduce<D, Position>(&self, op: Reduce, _axis: D) -> Tensor<S::Removed, B>
    where
        S: Axis<D, Position>,
        B::Elem: Number,
    {
        Tensor::from_parts(self.shape.removed(), B::reduce(op, &self.array, S::INDEX))
    }
}

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// Where along an axis the largest element is: an id of that dimension. The first of equals; NaN
    /// counts as the largest.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Vocab = 3; }
    /// let logits = Tensor::from_nested((Batch, Vocab), [[0.0, 5.0, 1.0], [9.0, 2.0, 3.0]]);
    /// let ids: Ids<(Batch,), Vocab> = logits.argmax(Vocab);
    /// assert_eq!(ids.to_vec()[0].get(), 1);
    /// ```
    ///
    /// # Panics
    /// The axis is empty, and the result is not.
    #[doc(alias = "arg_max")]
    pub fn argmax<D, Position, X, Rest>(&self, axis: D) -> TensorOf<Rest, Index<X>, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Compared,
        Rest: Shape,
        B::Elem: Number,
    {
        let _ = axis;
        let shape = self.shape.removed();
        assert!(shape.elements() == 0 || self.shape.dim().size() > 0, "an empty axis has no largest element");
        Tensor::from_parts(shape, B::argmax(&self.array, S::INDEX))
    }
}

/// The sum of the elements that are chosen. The others have no part in it, whatever they are.
pub(crate) fn sum_of_chosen<B: Backend<Elem: Number>>(x: &ArrayOf<B>, chosen: &ArrayOf<B, bool>) -> ArrayOf<B> {
    let sizes = B::sizes(x);
    let kept = B::select(chosen, x, &B::filled(num_traits::zero(), sizes, &B::device(x)));
    B::reduce(Reduce::Sum, &B::reshape(&kept, &[sizes.iter().product()]), 0)
}
