//! Masks given pair by pair.

use super::{Ignores, Restrict};
use crate::backend::AttentionMask;
use crate::cpu::{Array, Cpu};
use crate::dim::Dim;
use crate::sealed::Sealed;
use crate::shape::{PairsByHand, Shape};
use crate::tensor::Tensor;
use std::fmt::{self, Debug, Formatter};

/// A mask that says for each pair whether attention is allowed: `true` where it is.
///
/// Its shape is `(B, Q, K)`, or `(Q, K)` for every sequence of the batch. By positions beside a cache, it is made by
/// [`by_position`](Allowed::by_position); with heads, it is for [`attention_with_bias`](crate::nn::attention_with_bias).
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 2; Heads = 1; Seq = 4; HeadDim = 8; }
/// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
/// let near = Allowed::new(Cpu::<bool>::from_fn((Seq, Seq), |[q, k]| q.abs_diff(k) < 2));
/// let y = attention(&x, &x, &x, &near);
/// ```
#[derive(Clone)]
pub struct Allowed<S>(Tensor<S, Cpu<bool>>);

impl<S: Shape> Debug for Allowed<S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Allowed").field(&self.0).finish()
    }
}

impl<S: Shape> Allowed<S> {
    /// The mask that allows attention where `allowed` is true.
    ///
    /// Beside a cache, from `Q` to `Plus<Past, Q>`, a mask `(Q, K)` does not compile: there the numbers of queries are not their
    /// positions, and [`by_position`](Allowed::by_position) has these.
    ///
    /// ```compile_fail,E0283
    /// use congruent::prelude::*;
    /// dims! { Past = 4; New = 2; }
    /// Allowed::new(Cpu::<bool>::from_fn((New, Plus(Past, New)), |[q, k]| k <= q));
    /// ```
    pub fn new<NumbersOrPositions>(allowed: Tensor<S, Cpu<bool>>) -> Self
    where
        S: PairsByHand<NumbersOrPositions>,
    {
        Allowed(allowed)
    }

    /// True where attention is allowed.
    pub(crate) fn array(&self) -> &Array<bool> {
        self.0.array()
    }

    fn mask(&self) -> AttentionMask {
        AttentionMask { allowed: Some(self.0.array().clone()), ..AttentionMask::default() }
    }
}

#[diagnostic::do_not_recommend]
impl<B: Dim, Q: Dim, K: Dim> Restrict<B, Q, K> for Allowed<(B, Q, K)> {
    type Padding = Ignores;
    fn describe(&self) -> AttentionMask {
        self.mask()
    }
    fn sealed(_: Sealed) {}
}

#[diagnostic::do_not_recommend]
impl<B: Dim, Q: Dim, K: Dim> Restrict<B, Q, K> for Allowed<(Q, K)> {
    type Padding = Ignores;
    fn describe(&self) -> AttentionMask {
        self.mask()
    }
    fn sealed(_: Sealed) {}
}
