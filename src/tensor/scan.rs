//! Cumulative sums and products.

use super::Tensor;
use crate::backend::{Backend, Number, Scan};
use crate::dim::Summed;
use crate::shape::{Axis, Shape};

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The sum of each element and all before it along an axis. It is kept in the type [`Number::Sum`], and rounded for each
    /// element once.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; }
    /// let x = Tensor::from_nested((Batch, Seq), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!(x.cumsum(Seq).to_vec(), [1.0, 3.0, 6.0, 4.0, 9.0, 15.0]);
    /// ```
    #[doc(alias = "cumulative_sum")]
    pub fn cumsum<D, Position, X>(&self, axis: D) -> Self
    where
        S: Axis<D, Position, Dim = X>,
        X: Summed,
        B::Elem: Number,
    {
        self.scan::<D, Position>(Scan::Sum, axis)
    }

    /// The product of each element and all before it along an axis, as [`cumsum`](Self::cumsum) is of the sum. Its gradient is
    /// right where elements are zero, too.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Steps = 4; }
    /// // What is left after each step of a diffusion.
    /// let kept = Tensor::from_nested((Steps,), [1.0, 0.5, 0.5, 0.25]);
    /// assert_eq!(kept.cumprod(Steps).to_vec(), [1.0, 0.5, 0.25, 0.0625]);
    /// ```
    #[doc(alias = "cumulative_product")]
    pub fn cumprod<D, Position, X>(&self, axis: D) -> Self
    where
        S: Axis<D, Position, Dim = X>,
        X: Summed,
        B::Elem: Number,
    {
        self.scan::<D, Position>(Scan::Product, axis)
    }

    fn scan<D, Position>(&self, op: Scan, _axis: D) -> Self
    where
        S: Axis<D, Position>,
        B::Elem: Number,
    {
        Tensor::from_parts(self.shape, B::scan(op, &self.array, S::INDEX))
    }
}
