//! The layers of T5.

use super::network::Network;
use congruent::backend::{Backend, Float};
use congruent::dim::{Filled, Whole};
use congruent::mask::PreparedMask;
use congruent::nn::{AttentionOptions, KeysAndValues, Linear, RmsNorm, attention_with};
use congruent::prelude::*;

/// Multi-head attention whose scores are not scaled.
#[derive(Clone, Module)]
pub struct Attention<E, H, D, B: Backend = Cpu<f32>> {
    /// To the queries.
    #[module(name = "q")]
    pub query: Linear<E, Times<H, D>, B>,
    /// To the keys.
    #[module(name = "k")]
    pub key: Linear<E, Times<H, D>, B>,
    /// To the values.
    #[module(name = "v")]
    pub value: Linear<E, Times<H, D>, B>,
    /// From the merged heads.
    #[module(name = "o")]
    pub output: Linear<Times<H, D>, E, B>,
}

/// What is added to the scores of queries `S` and keys `K`.
#[derive(Clone)]
pub(super) enum Bias<N, H, S, K, B: Backend> {
    /// Nothing.
    None,
    /// The same for each text.
    Shared(Tensor<(H, S, K), B>),
    /// For texts whose cache holds different lengths.
    Each(Tensor<(N, H, S, K), B>),
}

impl<E: Dense, H: Filled, D: Dense, B: Backend<Elem: Float>> Attention<E, H, D, B> {
    /// The keys and values of a sequence.
    pub(super) fn keys_and_values<N: Dim, S: Dim>(&self, x: &Tensor<(N, S, E), B>) -> KeysAndValues<N, H, D, S, B> {
        (self.key.forward(x).split_heads(), self.value.forward(x).split_heads())
    }

    /// What a sequence gets of these keys and values, added to the residual.
    pub(super) fn attend<N: Dim, S: Dim, K: Whole>(
        &self,
        x: &Tensor<(N, S, E), B>,
        (keys, values): &KeysAndValues<N, H, D, K, B>,
        mask: &PreparedMask<N, S, K, B::Engine>,
        bias: &Bias<N, H, S, K, B>,
        residual: &Tensor<(N, S, E), B>,
    ) -> Tensor<(N, S, E), B> {
        let q = self.query.forward(x).split_heads();
        let options = AttentionOptions::new().scale(1.0);
        let y = match bias {
            Bias::None => attention_with(&q, keys, values, mask, options),
            Bias::Shared(bias) => attention_with(&q, keys, values, mask, options.bias(bias)),
            Bias::Each(bias) => attention_with(&q, keys, values, mask, options.bias(bias)),
        };
        self.output.forward_residual(&y.merge_heads(), residual)
    }
}

/// Self-attention and a feed-forward network, each behind a norm.
#[derive(Clone, Module)]
pub struct EncoderLayer<E, H, D, F, B: Backend = Cpu<f32>> {
    /// The text attends to itself.
    #[module(name = "layer.0.SelfAttention")]
    pub attention: Attention<E, H, D, B>,
    /// The norm before the attention.
    #[module(name = "layer.0.layer_norm")]
    pub attention_norm: RmsNorm<E, B>,
    /// Each position by itself.
    #[module(name = "layer.1.DenseReluDense")]
    pub feed_forward: Network<E, F, B>,
    /// The norm before the feed-forward network.
    #[module(name = "layer.1.layer_norm")]
    pub feed_forward_norm: RmsNorm<E, B>,
}

impl<E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float>> EncoderLayer<E, H, D, F, B> {
    pub(super) fn apply<N: Dim, S: Whole>(
        &self,
        x: &Tensor<(N, S, E), B>,
        mask: &PreparedMask<N, S, S, B::Engine>,
        bias: &Bias<N, H, S, S, B>,
    ) -> Tensor<(N, S, E), B> {
        let normed = self.attention_norm.forward(x);
        let x = self.attention.attend(&normed, &self.attention.keys_and_values(&normed), mask, bias, x);
        self.feed_forward.added_to(&x, &self.feed_forward_norm)
    }
}

/// Self-attention, attention to a text, and a feed-forward network, each behind a norm.
#[derive(Clone, Module)]
pub struct DecoderLayer<E, H, D, F, B: Backend = Cpu<f32>> {
    /// The answer attends to itself.
    #[module(name = "layer.0.SelfAttention")]
    pub attention: Attention<E, H, D, B>,
    /// The norm before the self-attention.
    #[module(name = "layer.0.layer_norm")]
    pub attention_norm: RmsNorm<E, B>,
    /// The answer attends to the text.
    #[module(name = "layer.1.EncDecAttention")]
    pub cross: Attention<E, H, D, B>,
    /// The norm before that.
    #[module(name = "layer.1.layer_norm")]
    pub cross_norm: RmsNorm<E, B>,
    /// Each position by itself.
    #[module(name = "layer.2.DenseReluDense")]
    pub feed_forward: Network<E, F, B>,
    /// The norm before the feed-forward network.
    #[module(name = "layer.2.layer_norm")]
    pub feed_forward_norm: RmsNorm<E, B>,
}

/// The masks of a step: of the answer, and of the text.
pub(super) struct Masks<N, S, K, L, B: Backend>(
    pub PreparedMask<N, S, K, B::Engine>,
    pub PreparedMask<N, S, L, B::Engine>,
);

impl<E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float>> DecoderLayer<E, H, D, F, B> {
    /// The layer on `x`, which attends to `all` the keys and values there are with its own, and to those of the text.
    pub(super) fn apply<N: Dim, S: Dim, K: Whole, L: Whole>(
        &self,
        x: &Tensor<(N, S, E), B>,
        all: impl FnOnce(KeysAndValues<N, H, D, S, B>) -> KeysAndValues<N, H, D, K, B>,
        memory: &KeysAndValues<N, H, D, L, B>,
        Masks(mask, memory_mask): &Masks<N, S, K, L, B>,
        bias: &Bias<N, H, S, K, B>,
    ) -> Tensor<(N, S, E), B> {
        let normed = self.attention_norm.forward(x);
        let x = self.attention.attend(&normed, &all(self.attention.keys_and_values(&normed)), mask, bias, x);
        let x = self.cross.attend(&self.cross_norm.forward(&x), memory, memory_mask, &Bias::None, &x);
        self.feed_forward.added_to(&x, &self.feed_forward_norm)
    }
}
