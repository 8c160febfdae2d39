//! A feed-forward network with a gate.

use super::{Activation, Linear, WellFormed};
use crate::backend::{ArrayOf, Backend, Epilogue, Float};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, Summed};
use crate::sealed::Sealed;
use crate::shape::Last;
use crate::tensor::{SameBackend, Tensor};
use crate::{Module, Rng};

/// `down(activation(gate(x)) · up(x))`, on each position by itself: with SiLU it is SwiGLU
/// ([Shazeer 2020](https://arxiv.org/abs/2002.05202)).
///
/// ```
/// use congruent::{nn::GatedFeedForward, prelude::*};
/// dims! { Batch = 2; Embed = 8; Hidden = 32; }
/// let layer = GatedFeedForward::random(Embed, Hidden, &mut Rng::with_seed(1));
/// let y: Tensor<(Batch, Embed)> = layer.forward(&Tensor::ones((Batch, Embed)));
/// ```
#[derive(Clone, Module)]
#[module(debug)]
#[doc(alias("SwiGLU", "GLU"))]
pub struct GatedFeedForward<E, F, B: Backend = Cpu<f32>> {
    /// From `E` to `F`: how much passes.
    pub gate: Linear<E, F, B>,
    /// From `E` to `F`: what passes.
    pub up: Linear<E, F, B>,
    /// The function of the gate.
    pub activation: Activation,
    /// From `F` to `E`.
    pub down: Linear<F, E, B>,
}
impl<E: Dense, F: Summed, B: Backend> WellFormed for GatedFeedForward<E, F, B> {
    fn sealed(_: Sealed) {}
}

impl<E: Dim, F: Dim, B: Backend<Elem: Float>> GatedFeedForward<E, F, B> {
    /// The layer on the last dimension of `x`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Activation, GatedFeedForward, Linear};
    /// dims! { Batch = 1; Embed = 2; Hidden = 3; }
    /// let linear = Linear { weight: Tensor::ones((Hidden, Embed)), bias: None };
    /// let down = Linear { weight: Tensor::ones((Embed, Hidden)), bias: None };
    /// let layer = GatedFeedForward { gate: linear.clone(), up: linear, activation: Activation::Relu, down };
    /// assert_eq!(layer.forward(&Tensor::ones((Batch, Embed))).to_vec(), [12.0, 12.0]);
    /// ```
    pub fn forward<S>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Tensor<S, B>
    where
        S: Last<E>,
        Self: WellFormed,
    {
        self.apply(x, Epilogue::default())
    }

    /// The layer on `x`, with an epilogue of the last product.
    pub(super) fn apply<S: Last<E>>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        after: Epilogue<'_, ArrayOf<B>>,
    ) -> Tensor<S, B> {
        self.down.apply(&self.hidden(x), after)
    }

    /// What the last layer is given.
    pub(super) fn hidden<S: Last<E>>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Tensor<S::With<F>, B> {
        self.gate.apply(x, self.activation.epilogue()) * self.up.apply(x, Epilogue::default())
    }
}

impl<E: Dim, F: Dim> GatedFeedForward<E, F> {
    /// A new layer with random parameters, without biases, and SiLU.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Activation, GatedFeedForward};
    /// dims! { Embed = 8; Hidden = 32; }
    /// let layer = GatedFeedForward::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// assert_eq!(layer.activation, Activation::Silu);
    /// assert!(layer.down.bias.is_none());
    /// ```
    pub fn random(embed: E, hidden: F, rng: &mut Rng) -> Self {
        GatedFeedForward {
            gate: Linear::random(embed, hidden, rng).without_bias(),
            up: Linear::random(embed, hidden, rng).without_bias(),
            activation: Activation::Silu,
            down: Linear::random(hidden, embed, rng).without_bias(),
        }
    }
}
