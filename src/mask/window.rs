//! Attention to what is near.

use super::{Combine, EndsWith, Ignores, OnEngine, Restrict};
use crate::backend::{AttentionMask, Engine, MaskIn};
use crate::sealed::Sealed;

/// A query attends to its own key and those right before it, so many in all: the queries are all keys, or the last part of
/// them ([Beltagy et al. 2020](https://arxiv.org/abs/2004.05150), as Mistral 7B has it).
///
/// Keys before the window cost nothing.
///
/// ```
/// use congruent::mask::SlidingWindow;
/// use congruent::nn::attention_weights;
/// use congruent::prelude::*;
/// dims! { Batch = 1; Heads = 1; Seq = 3; HeadDim = 4; }
/// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
/// let weights = attention_weights(&x, &x, &SlidingWindow(2));
/// assert_eq!(weights.to_vec(), [1.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 0.5, 0.5]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SlidingWindow(pub usize);

impl Combine for SlidingWindow {
    fn sealed(_: Sealed) {}
}

#[diagnostic::do_not_recommend]
impl<B, Q, K: EndsWith<Q>> Restrict<B, Q, K> for SlidingWindow {
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}
impl<En: Engine> OnEngine<En> for SlidingWindow {
    type Padding = Ignores;
    fn described(&self, _: &En::Device) -> MaskIn<En> {
        AttentionMask { causal: true, window: Some(self.0), ..AttentionMask::default() }
    }
    fn sealed(_: Sealed) {}
}
