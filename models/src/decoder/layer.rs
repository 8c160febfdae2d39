//! A layer with rotary positions.

use congruent::backend::{Backend, Float};
use congruent::dim::{Summed, Whole};
use congruent::mask::PreparedMask;
use congruent::nn::{
    Activation, AttentionOptions, KeysAndValues, Linear, MixtureOfExperts, OffsetRmsNorm, RmsNorm, RotaryAngles,
    attention_with,
};
use congruent::prelude::*;
use congruent::shape::{Last, SharesHeads};

/// A norm of the last dimension.
#[derive(Clone, Module)]
pub enum Norm<E, B: Backend = Cpu<f32>> {
    /// Whose weights are factors.
    Plain(RmsNorm<E, B>),
    /// Whose weights are by how much factors differ from one, as in Gemma.
    Offset(OffsetRmsNorm<E, B>),
}

impl<E, B: Backend> Norm<E, B> {
    /// The weights, as the file has them.
    pub fn weight(&self) -> &Tensor<(E,), B> {
        match self {
            Norm::Plain(norm) => &norm.weight,
            Norm::Offset(norm) => &norm.weight,
        }
    }
}

impl<E: Dense, B: Backend<Elem: Float>> Norm<E, B> {
    /// The norm of the last dimension of `x`.
    pub fn forward<S: Last<E>>(&self, x: &Tensor<S, B>) -> Tensor<S, B> {
        match self {
            Norm::Plain(norm) => norm.forward(x),
            Norm::Offset(norm) => norm.forward(x),
        }
    }
}

/// Grouped-query attention with rotary positions.
#[derive(Clone, Module)]
pub struct RotaryAttention<E, Q, H, D, B: Backend = Cpu<f32>> {
    /// To the queries.
    #[module(name = "q_proj")]
    pub query: Linear<E, Times<Q, D>, B>,
    /// To the keys.
    #[module(name = "k_proj")]
    pub key: Linear<E, Times<H, D>, B>,
    /// To the values.
    #[module(name = "v_proj")]
    pub value: Linear<E, Times<H, D>, B>,
    /// From the merged heads.
    #[module(name = "o_proj")]
    pub output: Linear<Times<Q, D>, E, B>,
    /// The norm of each head of the queries.
    #[module(name = "q_norm")]
    pub query_norm: Option<Norm<D, B>>,
    /// The norm of each head of the keys.
    #[module(name = "k_norm")]
    pub key_norm: Option<Norm<D, B>>,
    /// What products are multiplied by, in place of `1 / √D`.
    pub scale: Option<f64>,
    /// No score is farther from zero.
    pub soft_cap: Option<f64>,
}

impl<E: Dense, Q: SharesHeads<H>, H: Dim, D: Dense, B: Backend<Elem: Float>> RotaryAttention<E, Q, H, D, B> {
    /// The merged heads: of the sequence, which attends to `all` the keys and values there are with its own.
    fn merged<N: Dim, S: Whole, K: Whole>(
        &self,
        x: &Tensor<(N, S, E), B>,
        angles: &RotaryAngles<(N, S), D, B>,
        mask: &PreparedMask<N, S, K, B::Engine>,
        all: impl FnOnce(KeysAndValues<N, H, D, S, B>) -> KeysAndValues<N, H, D, K, B>,
    ) -> Tensor<(N, S, Times<Q, D>), B> {
        let q = angles.forward(&normed_by(&self.query_norm, self.query.forward(x).split_heads()));
        let k = angles.forward(&normed_by(&self.key_norm, self.key.forward(x).split_heads()));
        let (keys, values) = all((k, self.value.forward(x).split_heads()));
        let mut options = AttentionOptions::new();
        if let Some(scale) = self.scale {
            options = options.scale(scale);
        }
        if let Some(cap) = self.soft_cap {
            options = options.soft_cap(cap);
        }
        attention_with(&q, &keys, &values, mask, options).merge_heads()
    }
}

fn normed_by<S: Last<D>, D: Dense, B: Backend<Elem: Float>>(
    norm: &Option<Norm<D, B>>,
    x: Tensor<S, B>,
) -> Tensor<S, B> {
    match norm {
        Some(norm) => norm.forward(&x),
        None => x,
    }
}

/// A feed-forward network with a gate: `down(activation(gate(x)) · up(x))`.
#[derive(Clone, Module)]
pub struct GatedNetwork<E, F, B: Backend = Cpu<f32>> {
    /// How much passes.
    #[module(name = "gate_proj")]
    pub gate: Linear<E, F, B>,
    /// What passes.
    #[module(name = "up_proj")]
    pub up: Linear<E, F, B>,
    /// The function of the gate.
    pub activation: Activation,
    /// Back to the width of the model.
    #[module(name = "down_proj")]
    pub down: Linear<F, E, B>,
}

/// What each position goes through by itself.
#[derive(Clone, Module)]
pub enum FeedForward<E, F, B: Backend = Cpu<f32>, X = N<1>, W = F> {
    /// One network.
    One(#[module(name = "mlp")] GatedNetwork<E, F, B>),
    /// A few of several. It has the names that its file has.
    Mixture(MixtureOfExperts<E, W, X, B>),
    /// A few of several, and one for all tokens, as in Qwen 2 MoE.
    Shared(#[module(name = "")] MixtureOfExperts<E, W, X, B>, #[module(name = "mlp")] SharedExpert<E, F, B>),
}

/// A network beside the experts that all tokens go through: `sigmoid(gate(x)) · network(x)`.
#[derive(Clone, Module)]
pub struct SharedExpert<E, F, B: Backend = Cpu<f32>> {
    /// What passes.
    #[module(name = "shared_expert")]
    pub network: GatedNetwork<E, F, B>,
    /// How much of it passes: one number for each token.
    #[module(name = "shared_expert_gate")]
    pub gate: Linear<E, N<1>, B>,
}

impl<E: Dense, F: Summed, B: Backend<Elem: Float>> SharedExpert<E, F, B> {
    fn forward<N: Dim, S: Dim>(&self, x: &Tensor<(N, S, E), B>) -> Tensor<(N, S, E), B> {
        let passed = self.gate.forward(x).sigmoid();
        let GatedNetwork { gate, up, activation, down } = &self.network;
        let y = down.forward(&(gate.forward_activated(x, *activation) * up.forward(x)));
        einsum!("batch seq embed, batch seq one -> batch seq embed", y, passed)
    }
}

/// Attention and a gated feed-forward network or experts, each behind a norm and beside a residual connection; in Gemma there is a norm
/// behind each too.
#[derive(Clone, Module)]
pub struct RotaryLayer<E, Q, H, D, F, B: Backend = Cpu<f32>, X = N<1>, W = F> {
    /// The norm before the attention.
    #[module(name = "input_layernorm")]
    pub attention_norm: Norm<E, B>,
    /// The sequence attends to itself.
    #[module(name = "self_attn")]
    pub attention: RotaryAttention<E, Q, H, D, B>,
    /// The norm between attention and feed-forward network: of what comes into the network, or, where that has another norm, of what
    /// the attention gives.
    #[module(name = "post_attention_layernorm")]
    pub middle_norm: Norm<E, B>,
    /// Each position by itself.
    #[module(name = "")]
    pub feed_forward: FeedForward<E, F, B, X, W>,
    /// The norm before the feed-forward network, if the one between is of what the attention gives.
    #[module(name = "pre_feedforward_layernorm")]
    pub feed_forward_norm: Option<Norm<E, B>>,
    /// The norm of what the feed-forward network gives.
    #[module(name = "post_feedforward_layernorm")]
    pub last_norm: Option<Norm<E, B>>,
    /// Whether it attends to the window of the decoder alone.
    pub local: bool,
}

impl<E: Dense, Q: SharesHeads<H>, H: Dim, D: Dense, F: Summed, B: Backend<Elem: Float>, X: Dense, W: Summed>
    RotaryLayer<E, Q, H, D, F, B, X, W>
where
    Times<Q, D>: Summed,
{
    /// The layer on `x`, which attends to `all` the keys and values there are with its own.
    pub(super) fn apply<N: Dim, S: Whole, K: Whole>(
        &self,
        x: &Tensor<(N, S, E), B>,
        angles: &RotaryAngles<(N, S), D, B>,
        mask: &PreparedMask<N, S, K, B::Engine>,
        all: impl FnOnce(KeysAndValues<N, H, D, S, B>) -> KeysAndValues<N, H, D, K, B>,
    ) -> Tensor<(N, S, E), B> {
        let merged = self.attention.merged(&self.attention_norm.forward(x), angles, mask, all);
        let (behind, before) = match &self.feed_forward_norm {
            Some(norm) => (Some(&self.middle_norm), norm),
            None => (None, &self.middle_norm),
        };
        let x = added(x, &self.attention.output, &merged, behind);
        let normed = before.forward(&x);
        match (&self.feed_forward, &self.last_norm) {
            (FeedForward::One(GatedNetwork { gate, up, activation, down }), last) => {
                let hidden = gate.forward_activated(&normed, *activation) * up.forward(&normed);
                added(&x, down, &hidden, last.as_ref())
            }
            (FeedForward::Mixture(experts), last) => x + normed_by(last, experts.forward_each(&normed)),
            (FeedForward::Shared(experts, shared), last) => {
                x + normed_by(last, experts.forward_each(&normed) + shared.forward(&normed))
            }
        }
    }
}

/// `x + norm(layer(y))`.
fn added<N: Dim, S: Dim, I: Summed, E: Dense, B: Backend<Elem: Float>>(
    x: &Tensor<(N, S, E), B>,
    layer: &Linear<I, E, B>,
    y: &Tensor<(N, S, I), B>,
    norm: Option<&Norm<E, B>>,
) -> Tensor<(N, S, E), B> {
    match norm {
        Some(norm) => x + norm.forward(&layer.forward(y)),
        None => layer.forward_residual(y, x),
    }
}
