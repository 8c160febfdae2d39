//! Many elements made one, along an axis.

use super::{Index, Tensor, TensorOf};
use crate::backend::{Backend, Float, Number, Reduce, composed};
use crate::dim::{Averaged, Compared, Multiplied, Summed, Whole};
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
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 6.0]]);
    /// assert_eq!(x.sum(Embed).to_vec(), [3.0, 9.0]);
    /// assert_eq!(x.sum(Batch).to_vec(), [4.0, 8.0]);
    /// ```
    #[doc(alias("sum_axis", "sum_dim"))]
    pub fn sum<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Summed,
        Rest: Shape,
        B::Elem: Number,
    {
        self.reduce(Reduce::Sum, axis)
    }

    /// The mean along an axis; NaN if it is empty.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 6.0]]);
    /// assert_eq!(x.mean(Embed).to_vec(), [1.5, 4.5]);
    /// ```
    #[doc(alias("mean_axis", "mean_dim"))]
    pub fn mean<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Averaged,
        Rest: Shape,
        B::Elem: Number,
    {
        self.reduce(Reduce::Mean, axis)
    }

    /// The variance along an axis: the mean square distance from the mean; NaN if it is empty.
    ///
    /// It is that of these numbers, and no estimate of what they were drawn from: `correction=0` of PyTorch, whose default
    /// divides by one less than their number.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, 5.0], [3.0, 3.0]]);
    /// assert_eq!(x.var(Embed).to_vec(), [4.0, 0.0]);
    /// ```
    #[doc(alias("var_axis", "variance"))]
    pub fn var<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Averaged,
        Rest: Shape,
        B::Elem: Number,
    {
        self.reduce(Reduce::Variance, axis)
    }

    /// The [mean](Self::mean) and the [variance](Self::var) along an axis, calculated together: the numbers go by once.
    ///
    /// The numbers are taken relative to one of them, and the variance is corrected by the rounding error of the mean, so that no
    /// digits are lost where the mean is large: the corrected algorithm with shifted data of [Chan, Golub & LeVeque
    /// 1983](https://doi.org/10.1080/00031305.1983.10483115).
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, 5.0], [1e4, 1e4]]);
    /// let (mean, variance): (Tensor<(Batch,)>, Tensor<(Batch,)>) = x.mean_variance(Embed);
    /// assert_eq!((mean.to_vec(), variance.to_vec()), (vec![3.0, 1e4], vec![4.0, 0.0]));
    /// let normed = (&x - mean.expand_as(&x, Embed)) / (variance + 1e-5).sqrt().expand_as(&x, Embed);
    /// ```
    #[doc(alias("var_mean", "moments"))]
    pub fn mean_variance<D, Position, X, Rest>(&self, axis: D) -> (Tensor<Rest, B>, Tensor<Rest, B>)
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Averaged,
        Rest: Shape,
        B::Elem: Number,
    {
        let _ = axis;
        let shape = self.shape.removed();
        let [mean, variance] = B::mean_variance(&self.array, S::INDEX);
        (Tensor::from_parts(shape, mean), Tensor::from_parts(shape, variance))
    }

    /// The standard deviation along an axis: the square root of the [variance](Self::var). Of equal numbers it is 0, and so is
    /// its gradient.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// assert_eq!(Tensor::from_nested((Embed,), [1.0, 5.0]).std(Embed).scalar(), 2.0);
    /// ```
    #[doc(alias("std_axis", "stddev"))]
    pub fn std<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Averaged,
        Rest: Shape,
        B::Elem: Float,
    {
        let _ = axis;
        Tensor::from_parts(self.shape.removed(), composed::deviation::<B>(&self.array, S::INDEX))
    }

    /// The Euclidean norm along an axis: the square root of the sum of squares. Of zeros its gradient is 0.
    ///
    /// The sum of absolute values is `x.abs().sum(axis)`, the largest one `x.abs().max(axis)`. Vectors over their norms are
    /// [`normalize`](Self::normalize).
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[3.0, 4.0]]);
    /// assert_eq!(x.norm(Embed).to_vec(), [5.0]);
    /// ```
    #[doc(alias("vector_norm", "l2_norm", "norm_l2"))]
    pub fn norm<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Summed,
        Rest: Shape,
        B::Elem: Float,
    {
        let _ = axis;
        Tensor::from_parts(self.shape.removed(), composed::norm::<B>(&self.array, S::INDEX))
    }

    /// `ln(sum(exp(x)))` along an axis, which does not overflow; `-∞` if it is empty. Its gradient is the softmax.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Vocab = 2; }
    /// let x = Tensor::full((Vocab,), 1000.0);
    /// assert!((x.logsumexp(Vocab).scalar() - (1000.0 + 2f32.ln())).abs() < 1e-3);
    /// ```
    #[doc(alias("log_sum_exp", "logaddexp"))]
    pub fn logsumexp<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Compared,
        Rest: Shape,
        B::Elem: Float,
    {
        let _ = axis;
        Tensor::from_parts(self.shape.removed(), composed::log_sum_exp::<B>(&self.array, S::INDEX))
    }

    /// The number that a share of the elements along an axis is below, between two of them in proportion; NaN if any is, or if it
    /// is empty. Its gradient is that of the one or two elements that it lies at.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Samples = 5; }
    /// let x = Tensor::from_nested((Batch, Samples), [[5.0, 1.0, 4.0, 2.0, 3.0]]);
    /// assert_eq!(x.quantile(Samples, 0.25).to_vec(), [2.0]);
    /// assert_eq!(x.quantile(Samples, 0.9).to_vec(), [4.6]);
    /// ```
    ///
    /// # Panics
    /// `share` is not between 0 and 1.
    #[doc(alias("percentile", "nanquantile"))]
    pub fn quantile<D, Position, X, Rest>(&self, axis: D, share: f64) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Compared,
        Rest: Shape,
        B::Elem: Float,
    {
        let _ = axis;
        assert!((0.0..=1.0).contains(&share), "the share of a quantile is {share}, expected a number between 0 and 1");
        Tensor::from_parts(self.shape.removed(), composed::quantile::<B>(&self.array, S::INDEX, share))
    }

    /// The element in the middle along an axis, of an even number the mean of the two: `x.quantile(axis, 0.5)`, as NumPy's.
    /// PyTorch's `median` takes the lower of the two.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Samples = 4; }
    /// let x = Tensor::from_nested((Batch, Samples), [[4.0, 1.0, 9.0, 2.0], [0.0; 4]]);
    /// assert_eq!(x.median(Samples).to_vec(), [3.0, 0.0]);
    /// ```
    #[doc(alias = "nanmedian")]
    pub fn median<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Compared,
        Rest: Shape,
        B::Elem: Float,
    {
        let _ = axis;
        Tensor::from_parts(self.shape.removed(), composed::quantile::<B>(&self.array, S::INDEX, 0.5))
    }

    /// The product along an axis; 1 if it is empty. The gradient is right where elements are 0.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let x = Tensor::from_nested((Embed,), [2.0, 0.0, 5.0]).tracked();
    /// assert_eq!(x.prod(Embed).backward().of(&x).to_vec(), [0.0, 10.0, 0.0]);
    /// ```
    #[doc(alias("product", "prod_dim", "product_axis"))]
    pub fn prod<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Multiplied,
        Rest: Shape,
        B::Elem: Number,
    {
        let _ = axis;
        Tensor::from_parts(self.shape.removed(), composed::product::<B>(&self.array, S::INDEX))
    }

    /// The largest element along an axis; NaN if any is; `-∞` (for integers the lowest value) if it is empty.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [6.0, 3.0]]);
    /// assert_eq!(x.max(Embed).to_vec(), [2.0, 6.0]);
    /// ```
    #[doc(alias("amax", "max_dim"))]
    pub fn max<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Compared,
        Rest: Shape,
        B::Elem: Number,
    {
        self.reduce(Reduce::Max, axis)
    }

    /// The smallest element along an axis; NaN if any is; `∞` (for integers the highest value) if it is empty.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [6.0, 3.0]]);
    /// assert_eq!(x.min(Embed).to_vec(), [1.0, 3.0]);
    /// ```
    #[doc(alias("amin", "min_dim"))]
    pub fn min<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Compared,
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

/// # Order of elements
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
        X: Whole + Compared,
        Rest: Shape,
        B::Elem: Number,
    {
        let _ = axis;
        let shape = self.shape.removed();
        assert!(shape.elements() == 0 || self.shape.dim().size() > 0, "an empty axis has no largest element");
        Tensor::from_parts(shape, B::argmax(&self.array, S::INDEX))
    }
}

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// Where along an axis the smallest element is, as [`argmax`](Self::argmax) says where the largest one is. NaN counts as the
    /// smallest.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Classes = 3; }
    /// let distances = Tensor::from_nested((Batch, Classes), [[0.5, 5.0, 1.0], [9.0, 2.0, 3.0]]);
    /// let nearest: Ids<(Batch,), Classes> = distances.argmin(Classes);
    /// assert_eq!(nearest.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [0, 1]);
    /// ```
    ///
    /// # Panics
    /// The axis is empty, and the result is not.
    #[doc(alias = "arg_min")]
    pub fn argmin<D, Position, X, Rest>(&self, axis: D) -> TensorOf<Rest, Index<X>, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Compared,
        Rest: Shape,
        B::Elem: Number,
    {
        let _ = axis;
        let shape = self.shape.removed();
        assert!(shape.elements() == 0 || self.shape.dim().size() > 0, "an empty axis has no smallest element");
        Tensor::from_parts(shape, composed::argmin::<B>(&self.array, S::INDEX))
    }
}
