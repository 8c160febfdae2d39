//! Products of matrices.

use crate::array::{Array, Kind};
use burn_backend::Scalar;
use burn_backend::ops::{FloatTensorOps, IntTensorOps};
use burn_dispatch::Dispatch;

impl Array {
    /// The product `(.., m, k) x (.., k, n)` over equal leading axes, or with a `y` of two axes.
    pub fn matmul(&self, y: &Array) -> Array {
        self.meets("matmul", y);
        let rank = self.sizes().len();
        let n = y.sizes()[y.sizes().len() - 1];
        let sizes = [&self.sizes()[..rank - 1], &[n]].concat();
        let like = self.without(&sizes, self.dtype()).calculated_of([y]).with_room("matmul");
        if like.failed().is_some() {
            return like;
        }
        let (Some(a), Some(b)) = (self.tensor(), y.aligned(rank)) else {
            // A sum of no products is 0.
            return self.full(if self.kind() == Kind::Float { Scalar::Float(0.0) } else { Scalar::Int(0) }, &sizes);
        };
        if self.signed() != self.dtype() {
            return self.cast(self.signed()).matmul(&y.cast(y.signed())).cast(self.dtype());
        }
        let product = match self.kind() {
            Kind::Float => Dispatch::float_matmul(a, b),
            _ => Dispatch::int_matmul(a, b),
        };
        self.with(product, &sizes)
    }
}
