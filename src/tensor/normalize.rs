//! Vectors of length 1.

use super::Tensor;
use crate::backend::{Backend, Float, composed};
use crate::dim::{Summed, Whole};
use crate::shape::{Axis, Shape};

/// # Along an axis
///
/// Vectors of length 1.
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The vectors along an axis over their [norm](Self::norm), so that each is of length 1: `x / max(norm, 1e-12)`, as PyTorch's
    /// `torch.nn.functional.normalize`. Zeros stay zeros. In half precision, which has no 1e-12, it is 1e-4.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[3.0, 4.0], [0.0, 0.0]]);
    /// assert_eq!(x.normalize(Embed).to_vec(), [0.6, 0.8, 0.0, 0.0]);
    /// ```
    #[doc(alias("l2_normalize", "unit_vector"))]
    pub fn normalize<D, Position, X>(&self, axis: D) -> Self
    where
        S: Axis<D, Position, Dim = X>,
        X: Whole + Summed,
        B::Elem: Float,
    {
        let _ = axis;
        Tensor::from_parts(self.shape, composed::normalize::<B>(&self.array, S::INDEX))
    }
}
