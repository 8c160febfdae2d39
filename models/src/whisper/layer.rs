//! The layers of the decoder.

use congruent::backend::{Backend, Float};
use congruent::dim::{Filled, Whole};
use congruent::mask::PreparedMask;
use congruent::nn::{Activation, KeysAndValues, LayerNorm, Linear, attention};
use congruent::prelude::*;

/// Multi-head attention, whose keys have no bias.
#[derive(Clone, Module)]
pub struct Attention<E, H, D, B: Backend = Cpu<f32>> {
    /// To the queries.
    #[module(name = "q_proj")]
    pub query: Linear<E, Times<H, D>, B>,
    /// To the keys.
    #[module(name = "k_proj")]
    pub key: Linear<E, Times<H, D>, B>,
    /// To the values.
    #[module(name = "v_proj")]
    pub value: Linear<E, Times<H, D>, B>,
    /// From the merged heads.
    #[module(name = "out_proj")]
    pub output: Linear<Times<H, D>, E, B>,
}

impl<E: Dense, H: Filled, D: Dense, B: Backend<Elem: Float>> Attention<E, H, D, B> {
    /// The keys and values of a sequence.
    pub(super) fn keys_and_values<N: Dim, S: Dim>(&self, x: &Tensor<(N, S, E), B>) -> KeysAndValues<N, H, D, S, B> {
        (self.key.forward(x).split_heads(), self.value.forward(x).split_heads())
    }

    /// What a sequence gets of these keys and values, added to the residual.
    fn attend<N: Dim, S: Dim, K: Whole>(
        &self,
        x: &Tensor<(N, S, E), B>,
        (keys, values): &KeysAndValues<N, H, D, K, B>,
        mask: &impl Mask<N, S, K, B::Engine>,
        residual: &Tensor<(N, S, E), B>,
    ) -> Tensor<(N, S, E), B> {
        let q = self.query.forward(x).split_heads();
        self.output.forward_residual(&attention(&q, keys, values, mask).merge_heads(), residual)
    }
}

/// Self-attention, attention to a recording, and a feed-forward network, each behind a norm.
#[derive(Clone, Module)]
pub struct DecoderLayer<E, H, D, F, B: Backend = Cpu<f32>> {
    /// The transcript attends to itself.
    #[module(name = "self_attn")]
    pub attention: Attention<E, H, D, B>,
    /// The norm before the self-attention.
    #[module(name = "self_attn_layer_norm")]
    pub attention_norm: LayerNorm<E, B>,
    /// The transcript attends to the recording.
    #[module(name = "encoder_attn")]
    pub cross: Attention<E, H, D, B>,
    /// The norm before that.
    #[module(name = "encoder_attn_layer_norm")]
    pub cross_norm: LayerNorm<E, B>,
    /// The first layer of the feed-forward network.
    #[module(name = "fc1")]
    pub up: Linear<E, F, B>,
    /// The function between.
    pub activation: Activation,
    /// The second layer of the feed-forward network.
    #[module(name = "fc2")]
    pub down: Linear<F, E, B>,
    /// The norm before the feed-forward network.
    #[module(name = "final_layer_norm")]
    pub feed_forward_norm: LayerNorm<E, B>,
}

impl<E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float>> DecoderLayer<E, H, D, F, B> {
    /// The layer on `x`, which attends to `all` the keys and values there are with its own, and to those of the recording.
    pub(super) fn apply<N: Dim, S: Dim, K: Whole, L: Dense>(
        &self,
        x: &Tensor<(N, S, E), B>,
        all: impl FnOnce(KeysAndValues<N, H, D, S, B>) -> KeysAndValues<N, H, D, K, B>,
        memory: &KeysAndValues<N, H, D, L, B>,
        mask: &PreparedMask<N, S, K, B::Engine>,
    ) -> Tensor<(N, S, E), B> {
        let normed = self.attention_norm.forward(x);
        let x = self.attention.attend(&normed, &all(self.attention.keys_and_values(&normed)), mask, x);
        let x = self.cross.attend(&self.cross_norm.forward(&x), memory, &Full, &x);
        let hidden = self.up.forward_activated(&self.feed_forward_norm.forward(&x), self.activation);
        self.down.forward_residual(&hidden, &x)
    }
}
