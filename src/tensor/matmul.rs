//! The product of matrices.

use super::{SameBackend, Tensor};
use crate::backend::{Backend, Number};
use crate::dim::{Summed, Whole};
use crate::shape::{MatMul, Shape};

/// # Products
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The product of matrices: `(.., M, K)` by `(.., K, N)` gives `(.., M, N)`.
    ///
    /// The leading dimensions are the same on both sides, or absent on the right.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 5; Embed = 8; Hidden = 16; }
    /// let x = Tensor::ones((Batch, Seq, Embed));
    /// let w = Tensor::ones((Embed, Hidden));
    /// let y: Tensor<(Batch, Seq, Hidden)> = x.matmul(&w);
    /// assert_eq!(y.to_vec()[0], 8.0);
    /// ```
    #[doc(alias("mm", "bmm", "dot"))]
    pub fn matmul<R: Copy>(&self, other: &Tensor<R, impl SameBackend<B>>) -> Tensor<S::Output, B>
    where
        S: MatMul<R>,
        S::Inner: Whole + Summed,
        B::Elem: Number,
    {
        Tensor::from_parts(self.shape.product(other.shape), B::matmul(&self.array, &other.array))
    }
}
