//! Elements in order.

use super::{Index, SameBackend, Tensor, TensorOf};
use crate::Error;
use crate::backend::{Backend, Compare, Number, Order, With, composed};
use crate::dim::{Compared, Dim, N, Name, Plus, Whole};
use crate::shape::{Axis, Shape};

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The elements in order along an axis, and the ids of where they stood. Of equals the first comes first; NaN counts as the
    /// largest.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; }
    /// let x = Tensor::from_nested((Batch, Seq), [[2.0, 1.0, 3.0], [5.0, 6.0, 4.0]]);
    /// let (values, ids) = x.sort(Seq, Order::Descending);
    /// assert_eq!(values.to_vec(), [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]);
    /// // Another tensor in the same order.
    /// let other = Tensor::from_nested((Batch, Seq), [[0.0, 0.1, 0.2], [0.3, 0.4, 0.5]]);
    /// assert_eq!(other.take_along(Seq, &ids).to_vec(), [0.2, 0.0, 0.1, 0.4, 0.3, 0.5]);
    /// ```
    pub fn sort<D, Position, X>(&self, axis: D, order: Order) -> (Self, TensorOf<S, Index<X>, B>)
    where
        S: Axis<D, Position, Dim = X>,
        X: Whole + Compared,
        B::Elem: Number,
    {
        let ids = self.argsort(axis, order);
        (Tensor::from_parts(self.shape, B::take_along(&self.array, S::INDEX, &ids.array)), ids)
    }

    /// The ids of the elements in order along an axis, as [`sort`](Self::sort) has it.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 3; }
    /// let x = Tensor::from_nested((Seq,), [2.0, 1.0, 3.0]);
    /// let order: Ids<(Seq,), Seq> = x.argsort(Seq, Order::Ascending);
    /// assert_eq!(order.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [1, 0, 2]);
    /// ```
    pub fn argsort<D, Position, X>(&self, axis: D, order: Order) -> TensorOf<S, Index<X>, B>
    where
        S: Axis<D, Position, Dim = X>,
        X: Whole + Compared,
        B::Elem: Number,
    {
        let _ = axis;
        self.with_array::<Index<X>>(B::argsort(&self.array, S::INDEX, order))
    }

    /// The largest elements along an axis, largest first, and their ids. Of equals the first comes first; NaN counts as the
    /// largest.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Vocab = 4; Top = 2; }
    /// let logits = Tensor::from_nested((Vocab,), [0.5, 3.0, 1.0, 2.0]);
    /// let (values, ids) = logits.top_k(Vocab, Top).unwrap();
    /// assert_eq!(values.to_vec(), [3.0, 2.0]);
    /// assert_eq!(ids.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [1, 3]);
    /// ```
    ///
    /// # Errors
    /// The dimension is smaller than `k`.
    #[doc(alias = "topk")]
    pub fn top_k<D, Position, X, K: Dim, Kept>(
        &self,
        axis: D,
        k: K,
    ) -> Result<(Tensor<Kept, B>, TensorOf<Kept, Index<X>, B>), Error>
    where
        S: Axis<D, Position, Dim = X, With<K> = Kept>,
        X: Whole + Compared,
        Kept: Shape,
        B::Elem: Number,
    {
        let _ = axis;
        let size = self.shape.dim().size();
        if k.size() > size {
            let dimension = Name::<X>::new().to_string();
            return Err(Error::RangeOutOfBounds { dimension, size, start: 0, length: k.size() });
        }
        let mut last: Vec<usize> = (0..S::RANK).collect();
        last[S::INDEX..].rotate_left(1);
        let mut back: Vec<usize> = (0..S::RANK).collect();
        back[S::INDEX..].rotate_right(1);
        let (values, ids) = B::top_k(&B::permute(&self.array, &last), k.size());
        let shape = self.shape.with(k);
        let ids = With::<B, u32>::permute(&ids, &back);
        Ok((Tensor::from_parts(shape, B::permute(&values, &back)), Tensor::from_parts(shape, ids)))
    }
}

/// Where, among sorted elements, one that is equal to some of them belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Before those that are equal to it.
    Left,
    /// Behind those that are equal to it.
    Right,
}

impl<D: Whole + Compared, B: Backend> Tensor<(D,), B> {
    /// Where among these elements, which are in ascending order, each of the values belongs: how many come before it. That is an
    /// id of one position more than there are elements, since a value may belong behind all of them.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// use congruent::Side;
    /// dims! { Bound = 3; Batch = 4; }
    /// let bounds = Tensor::from_nested((Bound,), [1.0, 2.0, 4.0]);
    /// let x = Tensor::from_nested((Batch,), [0.0, 2.0, 3.0, 5.0]);
    /// let buckets: Ids<(Batch,), Plus<Bound, N<1>>> = bounds.search_sorted(&x, Side::Left);
    /// assert_eq!(buckets.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [0, 1, 2, 3]);
    /// ```
    #[doc(alias("searchsorted", "bucketize", "digitize"))]
    pub fn search_sorted<S: Shape>(
        &self,
        values: &Tensor<S, impl SameBackend<B>>,
        side: Side,
    ) -> TensorOf<S, Index<Plus<D, N<1>>>, B>
    where
        B::Elem: Number,
    {
        let pairs = [values.sizes().as_ref(), &[self.shape.0.size()]].concat();
        let column = B::reshape(&values.array, &[values.sizes().as_ref(), &[1]].concat());
        let (values_of_pairs, sorted) = (B::broadcast(&column, &pairs), B::broadcast(&self.array, &pairs));
        let before = if side == Side::Left { Compare::Less } else { Compare::LessOrEqual };
        let is_before = B::compare(before, &sorted, &values_of_pairs);
        // What is no number comes behind all that are, and is equal to itself.
        let [is_nan, value_is_nan] = [&sorted, &values_of_pairs].map(|x| B::compare(Compare::NotEqual, x, x));
        let all = With::<B, bool>::filled(true, &pairs, &self.device());
        let before_nan = match side {
            Side::Left => With::<B, bool>::compare(Compare::NotEqual, &is_nan, &all),
            Side::Right => all,
        };
        let is_before = With::<B, bool>::select(&value_is_nan, &before_nan, &is_before);
        Tensor::from_parts(values.shape, composed::count::<With<B, bool>>(&is_before, S::RANK))
    }
}
