//! The blocks of DiT.

use congruent::backend::{Backend, Float};
use congruent::dim::Filled;
use congruent::nn::{Activation, Embedding, Linear, Modulation, attention};
use congruent::prelude::*;

/// Multi-head attention.
#[derive(Clone, Module)]
pub struct Attention<E, H, D, B: Backend = Cpu<f32>> {
    /// To the queries.
    #[module(name = "to_q")]
    pub query: Linear<E, Times<H, D>, B>,
    /// To the keys.
    #[module(name = "to_k")]
    pub key: Linear<E, Times<H, D>, B>,
    /// To the values.
    #[module(name = "to_v")]
    pub value: Linear<E, Times<H, D>, B>,
    /// From the merged heads.
    #[module(name = "to_out.0")]
    pub output: Linear<Times<H, D>, E, B>,
}

/// What a step of the noise and a class are to a block.
#[derive(Clone, Module)]
pub struct Embedder<K, E, B: Backend = Cpu<f32>> {
    /// From the sines and cosines of the step.
    #[module(name = "timestep_embedder.linear_1")]
    pub first: Linear<Plus<N<128>, N<128>>, E, B>,
    /// From there to the condition.
    #[module(name = "timestep_embedder.linear_2")]
    pub second: Linear<E, E, B>,
    /// What is added for the class.
    #[module(name = "class_embedder.embedding_table")]
    pub classes: Embedding<K, E, B>,
}

/// What the step and the class do to a block: shift, scale and gate, of the attention and of the feed-forward network.
#[derive(Clone, Module)]
pub struct Condition<K, E, B: Backend = Cpu<f32>> {
    /// What they are.
    #[module(name = "emb")]
    pub embedder: Embedder<K, E, B>,
    /// And what becomes of that.
    #[module(name = "linear")]
    pub modulation: Linear<E, Times<N<6>, E>, B>,
}

/// Attention and a feed-forward network, each behind a norm, by a condition.
#[derive(Clone, Module)]
pub struct Block<K, E, H, D, F, B: Backend = Cpu<f32>> {
    /// The step and the class.
    #[module(name = "norm1")]
    pub condition: Condition<K, E, B>,
    /// Each patch attends to all.
    #[module(name = "attn1")]
    pub attention: Attention<E, H, D, B>,
    /// The first layer of the feed-forward network.
    #[module(name = "ff.net.0.proj")]
    pub up: Linear<E, F, B>,
    /// The function between.
    pub activation: Activation,
    /// The second layer of the feed-forward network.
    #[module(name = "ff.net.2")]
    pub down: Linear<F, E, B>,
    /// What the second norm adds to the variance.
    pub epsilon: f64,
}

impl<K: Dense, E: Dense, B: Backend<Elem: Float>> Embedder<K, E, B> {
    /// The condition of each image, by the sines and cosines of its step.
    pub(super) fn forward<Batch: Dim>(
        &self,
        times: &Tensor<(Batch, Plus<N<128>, N<128>>), B>,
        classes: &TensorOf<(Batch,), Index<K>, B>,
    ) -> Tensor<(Batch, E), B> {
        let times = self.second.forward(&self.first.forward_activated(times, Activation::Silu));
        times + self.classes.forward(classes)
    }
}

impl<K: Dense, E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float>> Block<K, E, H, D, F, B> {
    pub(super) fn forward<Batch: Dim, S: Dense>(
        &self,
        x: &Tensor<(Batch, S, E), B>,
        times: &Tensor<(Batch, Plus<N<128>, N<128>>), B>,
        classes: &TensorOf<(Batch,), Index<K>, B>,
    ) -> Tensor<(Batch, S, E), B> {
        let condition = self.condition.embedder.forward(times, classes).silu();
        let parts = self.condition.modulation.forward(&condition).split(At::<1>).unstack(N::<6>);
        let [shift, scale, gate, shift_behind, scale_behind, gate_behind] = parts.into_generic_array().into_array();
        let y = Modulation { shift, scale }.apply(&normal(x, 1e-6));
        let x = x + gated(&self.attention.forward(&y), &gate);
        let y = Modulation { shift: shift_behind, scale: scale_behind }.apply(&normal(&x, self.epsilon));
        let y = self.down.forward(&self.up.forward_activated(&y, self.activation));
        x + gated(&y, &gate_behind)
    }
}

impl<E: Dense, H: Filled, D: Dense, B: Backend<Elem: Float>> Attention<E, H, D, B> {
    fn forward<Batch: Dim, S: Dense>(&self, x: &Tensor<(Batch, S, E), B>) -> Tensor<(Batch, S, E), B> {
        let [q, k, v] = [&self.query, &self.key, &self.value].map(|layer| layer.forward(x).split_heads());
        self.output.forward(&attention(&q, &k, &v, &Full).merge_heads())
    }
}

/// Each position times the gate of its sample.
fn gated<Batch: Dim, S: Dim, E: Dim, B: Backend<Elem: Float>>(
    x: &Tensor<(Batch, S, E), B>,
    gate: &Tensor<(Batch, E), B>,
) -> Tensor<(Batch, S, E), B> {
    x * gate.expand_as(x, At::<1>)
}

/// The norm of each position, without parameters.
pub(super) fn normal<Batch: Dim, S: Dim, E: Dense, B: Backend<Elem: Float>>(
    x: &Tensor<(Batch, S, E), B>,
    epsilon: f64,
) -> Tensor<(Batch, S, E), B> {
    let centered = x - x.mean(At::<2>).expand_as(x, At::<2>);
    let factor = x.var(At::<2>).affine(1.0, epsilon).rsqrt();
    &centered * factor.expand_as(&centered, At::<2>)
}
