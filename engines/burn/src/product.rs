//! Products of matrices.

use crate::array::{Array, Kind};
use burn_backend::ops::{FloatTensorOps, IntTensorOps, ModuleOps};
use burn_backend::{Scalar, Shape};
use burn_dispatch::Dispatch;

impl Array {
    /// The product `(.., m, k) x (.., k, n)` over equal leading axes, or with a `y` of two axes.
    pub fn matmul(&self, y: &Array) -> Array {
        self.meets("matmul", y);
        let rank = self.sizes().len();
        let sizes: Shape = self.sizes()[..rank - 1].iter().chain(y.sizes().last()).collect();
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
        like.holding(Some(product))
    }

    /// `x (.., inputs)` times the transpose of `weight (outputs, inputs)`, with a bias `(outputs)`; nothing, if there are no
    /// elements or no axis before the last.
    pub(crate) fn linear(&self, weight: &Array, bias: Option<&Array>) -> Option<Array> {
        self.meets("linear", weight);
        bias.iter().for_each(|bias| self.meets("linear", bias));
        let (last, outer) = self.sizes().split_last()?;
        if outer.is_empty() || *last == 0 {
            return None;
        }
        let sizes: Shape = outer.iter().chain(&weight.sizes()[..1]).collect();
        let like =
            self.without(&sizes, self.dtype()).calculated_of(bias.into_iter().chain([weight])).with_room("linear");
        if like.failed().is_some() {
            return Some(like);
        }
        // As a matrix: of more axes, burn gives the weight as many, which copies one that is seen with its axes exchanged.
        let (x, weight, bias) = (self.tensor()?, weight.tensor()?, bias.and_then(Array::tensor));
        let rows = Dispatch::float_reshape(x, Shape::new([outer.iter().product(), *last]));
        let product = Dispatch::linear(rows, Dispatch::float_swap_dims(weight, 0, 1), bias);
        Some(like.holding(Some(Dispatch::float_reshape(product, sizes))))
    }
}
