//! Dropout of the weights of attention.

use super::Dropout;
use crate::Rng;
use crate::backend::{ArrayOf, Backend, DeviceOf, Float};
use crate::dim::Whole;
use crate::sealed::Sealed;
use crate::shape::Shape;

/// That weights of attention have no dropout.
#[derive(Clone, Copy, Debug)]
pub struct NoDropout;

/// That some weights of attention, chosen at random, are zero.
#[derive(Debug)]
pub struct DropoutOfWeights<'a>(pub(super) Dropout, pub(super) &'a mut Rng);

/// That weights of attention to the keys `K` may be chosen so.
#[diagnostic::on_unimplemented(
    message = "the weights of attention to `{K}` have no dropout: no rank has those of all keys",
    label = "each rank has a part of the keys `{K}`, or may have",
    note = "dropout of what attention gives goes element by element: `dropout.forward_training(&y, training)`",
    note = "in generic code, ask for keys that each rank has all of: `S: Whole`",
    note = "explained in `congruent::errors::C96`: https://docs.rs/congruent/latest/congruent/errors/C96/"
)]
pub trait DropsWeights<K> {
    /// What weights are multiplied by.
    #[doc(hidden)]
    fn factors<W: Shape, B: Backend<Elem: Float>>(self, weights: W, device: &DeviceOf<B>) -> Option<ArrayOf<B>>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<K> DropsWeights<K> for NoDropout {
    fn factors<W: Shape, B: Backend<Elem: Float>>(self, _: W, _: &DeviceOf<B>) -> Option<ArrayOf<B>> {
        None
    }
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<K: Whole> DropsWeights<K> for DropoutOfWeights<'_> {
    fn factors<W: Shape, B: Backend<Elem: Float>>(self, weights: W, device: &DeviceOf<B>) -> Option<ArrayOf<B>> {
        Some(self.0.factors::<_, B>(weights, device, self.1))
    }
    fn sealed(_: Sealed) {}
}
