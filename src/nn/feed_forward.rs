//! Two linear layers and a function between them.

use super::{Activation, Linear, WellFormed};
use crate::backend::{ArrayOf, Backend, Epilogue, Float};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, Summed};
use crate::sealed::Sealed;
use crate::shape::Last;
use crate::tensor::{SameBackend, Tensor};
use crate::{Module, Rng};

/// `down(activation(up(x)))`, on each position by itself.
///
/// ```
/// use congruent::{nn::FeedForward, prelude::*};
/// dims! { Batch = 2; Embed = 8; Hidden = 32; }
/// let layer = FeedForward::random(Embed, Hidden, &mut Rng::with_seed(1));
/// let y: Tensor<(Batch, Embed)> = layer.forward(&Tensor::ones((Batch, Embed)));
/// ```
#[derive(Clone, Module)]
#[module(debug)]
#[doc(alias("MLP", "Mlp"))]
pub struct FeedForward<E, F, B: Backend = Cpu<f32>> {
    /// From `E` to `F`.
    pub up: Linear<E, F, B>,
    /// The function between.
    pub activation: Activation,
    /// From `F` to `E`.
    pub down: Linear<F, E, B>,
}
impl<E: Dense, F: Summed, B: Backend> WellFormed for FeedForward<E, F, B> {
    fn sealed(_: Sealed) {}
}

impl<E: Dim, F: Dim, B: Backend<Elem: Float>> FeedForward<E, F, B> {
    /// The layer on the last dimension of `x`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Activation, FeedForward, Linear};
    /// dims! { Batch = 1; Embed = 2; Hidden = 3; }
    /// let up = Linear { weight: Tensor::ones((Hidden, Embed)), bias: None };
    /// let down = Linear { weight: Tensor::ones((Embed, Hidden)), bias: None };
    /// let layer = FeedForward { up, activation: Activation::Relu, down };
    /// assert_eq!(layer.forward(&Tensor::ones((Batch, Embed))).to_vec(), [6.0, 6.0]);
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
        self.down.apply(&self.up.apply(x, self.activation.epilogue()), after)
    }
}

impl<E: Dim, F: Dim> FeedForward<E, F> {
    /// A new layer with random parameters, and GELU.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Activation, FeedForward};
    /// dims! { Embed = 8; Hidden = 32; }
    /// let layer = FeedForward::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// assert_eq!(layer.activation, Activation::Gelu);
    /// ```
    pub fn random(embed: E, hidden: F, rng: &mut Rng) -> Self {
        FeedForward {
            up: Linear::random(embed, hidden, rng),
            activation: Activation::Gelu,
            down: Linear::random(hidden, embed, rng),
        }
    }
}
