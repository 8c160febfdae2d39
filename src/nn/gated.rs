//! A feed-forward network with a gate.

use super::{Activation, Linear};
use crate::backend::{Backend, Epilogue, Float};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim};
use crate::shape::Last;
use crate::tensor::Tensor;
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

impl<E: Dim, F: Dim, B: Backend<Elem: Float>> GatedFeedForward<E, F, B> {
    /// The layer on the last dimension of `x`.
    pub fn forward<S: Last<E>>(&self, x: &Tensor<S, B>) -> Tensor<S, B>
    where
        E: Dense,
        F: Dense,
    {
        self.finished(x, Epilogue::default())
    }

    /// `layer(x) + residual`: it is added while the last product is at hand.
    pub(super) fn forward_residual<S: Last<E>>(&self, x: &Tensor<S, B>, residual: &Tensor<S, B>) -> Tensor<S, B>
    where
        E: Dense,
        F: Dense,
    {
        self.finished(x, Epilogue::residual(residual.array()))
    }

    fn finished<S: Last<E>>(&self, x: &Tensor<S, B>, after: Epilogue<'_, B::Array>) -> Tensor<S, B>
    where
        E: Dense,
        F: Dense,
    {
        let hidden = self.gate.forward_activated(x, self.activation) * self.up.forward(x);
        self.down.finished(&hidden, after)
    }
}

impl<E: Dim, F: Dim> GatedFeedForward<E, F> {
    /// A new layer with random parameters, without biases, and SiLU.
    pub fn random(embed: E, hidden: F, rng: &mut Rng) -> Self {
        GatedFeedForward {
            gate: Linear::random(embed, hidden, rng).without_bias(),
            up: Linear::random(embed, hidden, rng).without_bias(),
            activation: Activation::Silu,
            down: Linear::random(hidden, embed, rng).without_bias(),
        }
    }
}
