//! Masks given pair by pair.

use super::{Ignores, OnEngine, Restrict};
use crate::backend::{AttentionMask, Backend, DeviceOf, Element, Engine, MaskIn};
use crate::cpu::Processor;
use crate::dim::Dim;
use crate::module::{CastTo, ToEngine};
use crate::sealed::Sealed;
use crate::shape::{PairsByHand, Shape};
use crate::tensor::{SameBackend, Tensor};
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
pub struct Allowed<S, En: Engine = Processor>(pub(super) Tensor<S, En::Backend<bool>>);

/// Of elements: that each is true or false.
#[diagnostic::on_unimplemented(
    message = "a mask is a tensor of `bool`, and not of `{Self}`",
    label = "expected elements of `bool`",
    note = "true is where attention is allowed: numbers are compared, as by `x.greater_than(0.0)`",
    note = "explained in `congruent::errors::C08`: https://docs.rs/congruent/latest/congruent/errors/C08/"
)]
pub trait TrueOrFalse: Element<Primitive = bool> {}
#[diagnostic::do_not_recommend]
impl TrueOrFalse for bool {}

impl<S: Shape, En: Engine> Debug for Allowed<S, En> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Allowed").field(&self.0).finish()
    }
}

impl<S: Shape, En: Engine> Allowed<S, En> {
    /// The mask that allows attention where `allowed` is true.
    ///
    /// Beside a cache, from `Q` to `Plus<Past, Q>`, it does not compile: there the numbers of queries are not their
    /// positions, which [`by_position`](Allowed::by_position) has, and for each sequence, or each head,
    /// [`by_position_of_each`](Allowed::by_position_of_each).
    ///
    /// ```compile_fail,E0283
    /// use congruent::prelude::*;
    /// dims! { Past = 4; New = 2; }
    /// Allowed::new(Cpu::<bool>::from_fn((New, Plus(Past, New)), |[q, k]| k <= q));
    /// ```
    pub fn new<NumbersOrPositions, B>(allowed: Tensor<S, B>) -> Self
    where
        B: Backend<Engine = En>,
        B::Elem: TrueOrFalse,
        S: PairsByHand<NumbersOrPositions>,
    {
        Allowed(Tensor::from_parts(allowed.shape(), allowed.into_array()))
    }

    /// The same mask on the engine of `B`.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 4; }
    /// let near = Allowed::new(Cpu::<bool>::from_fn((Seq, Seq), |[q, k]| q.abs_diff(k) < 2));
    /// // Another engine has other devices, one of which is chosen when the program runs.
    /// let there: Allowed<(Seq, Seq)> = near.to_engine::<Cpu<f32>>(&Default::default());
    /// ```
    ///
    /// # Panics
    /// The engine fails, as [`try_to_vec`](Tensor::try_to_vec) says.
    pub fn to_engine<B: Backend>(&self, device: &DeviceOf<B>) -> Allowed<S, B::Engine> {
        Allowed(self.0.to_engine::<B>(device))
    }

    pub(crate) fn shape(&self) -> S {
        self.0.shape()
    }

    /// True where attention is allowed.
    pub(crate) fn tensor(&self) -> &Tensor<S, En::Backend<bool>> {
        &self.0
    }
}

#[diagnostic::do_not_recommend]
impl<S: Shape, En: Engine, E: Backend> ToEngine<E> for Allowed<S, En> {
    type On = Allowed<S, E::Engine>;
    fn transferred(&self, device: &DeviceOf<E>) -> Self::On {
        self.to_engine::<E>(device)
    }
}

#[diagnostic::do_not_recommend]
impl<S: Shape, E: Backend> CastTo<E> for Allowed<S, E::Engine> {
    type On = Self;
    fn cast_to(&self) -> Self {
        self.clone()
    }
}

#[diagnostic::do_not_recommend]
impl<B: Dim, Q: Dim, K: Dim, En: Engine> Restrict<B, Q, K> for Allowed<(B, Q, K), En> {
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}

#[diagnostic::do_not_recommend]
impl<B: Dim, Q: Dim, K: Dim, En: Engine> Restrict<B, Q, K> for Allowed<(Q, K), En> {
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}

// The message is that of two tensors on two engines.
impl<S: Shape, En: Engine, Own: Engine> OnEngine<En> for Allowed<S, Own>
where
    Own::Backend<bool>: SameBackend<En::Backend<bool>>,
{
    type Padding = Ignores;
    fn described(&self, _: &En::Device) -> MaskIn<En> {
        AttentionMask { allowed: Some(self.0.array().clone()), ..AttentionMask::default() }
    }
    fn sealed(_: Sealed) {}
}
