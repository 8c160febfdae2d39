//! The layers of a transformer, and stacks of them.

use super::{CacheStep, FeedForward, LayerNorm, Memory, MultiHeadAttention};
use crate::Module;
use crate::backend::{Backend, Float, cpu::Cpu};
use crate::dim::Dim;
use crate::mask::Mask;
use crate::shape::{Last, Sequence};
use crate::tensor::Tensor;

/// Where a layer normalises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NormOrder {
    /// Before each part, `x + part(norm(x))` ([Xiong et al. 2020](https://arxiv.org/abs/2002.04745)).
    Pre,
    /// After each part, `norm(x + part(x))` ([Vaswani et al. 2017](https://arxiv.org/abs/1706.03762)).
    #[default]
    Post,
}

/// `part` beside a residual connection, with its normalisation. `part` takes its input and the residual to be added.
fn residual<S: Last<E>, E: Dim, B: Backend<Elem: Float>>(
    order: NormOrder,
    norm: &LayerNorm<E, B>,
    x: &Tensor<S, B>,
    part: impl FnOnce(&Tensor<S, B>, &Tensor<S, B>) -> Tensor<S, B>,
) -> Tensor<S, B> {
    match order {
        NormOrder::Pre => part(&norm.forward(x), x),
        NormOrder::Post => norm.normalized(part(x, x)),
    }
}

/// Self-attention and a feed-forward network, each with a residual connection and a norm.
#[derive(Clone, Module)]
pub struct EncoderLayer<E, H, D, F, B: Backend = Cpu<f32>> {
    /// The sequence attends to itself.
    pub attention: MultiHeadAttention<E, H, D, B>,
    /// The norm of the attention.
    pub attention_norm: LayerNorm<E, B>,
    /// Each position by itself.
    pub feed_forward: FeedForward<E, F, B>,
    /// The norm of the feed-forward network.
    pub feed_forward_norm: LayerNorm<E, B>,
    /// Where it normalises.
    pub order: NormOrder,
}

impl<E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float>> EncoderLayer<E, H, D, F, B> {
    /// The layer on `x (batch, sequence, E)`.
    pub fn forward<S, M>(&self, x: &Tensor<S, B>, mask: &M) -> Tensor<S, B>
    where
        S: Sequence<E> + Last<E>,
        M: Mask<S::Batch, S::Length, S::Length>,
    {
        let x = residual(self.order, &self.attention_norm, x, |x, y| self.attention.forward_residual(x, mask, y));
        residual(self.order, &self.feed_forward_norm, &x, |x, y| self.feed_forward.forward_residual(x, y))
    }

    /// The layer of a decoder without a memory, such as GPT-2: on `x (batch, sequence, E)`, which goes on from what the cache
    /// holds, as this layer of it.
    ///
    /// # Panics
    /// The cache has no such layer, or the step was there before.
    pub fn forward_cached<S, P: Dim, K: Dim>(
        &self,
        x: &Tensor<S, B>,
        layer: usize,
        step: &mut CacheStep<'_, S::Batch, H, D, P, S::Length, K, B>,
    ) -> Tensor<S, B>
    where
        S: Sequence<E> + Last<E>,
    {
        let attend = |x: &Tensor<S, B>, y: &Tensor<S, B>| self.attention.forward_cached_residual(x, layer, step, y);
        let x = residual(self.order, &self.attention_norm, x, attend);
        residual(self.order, &self.feed_forward_norm, &x, |x, y| self.feed_forward.forward_residual(x, y))
    }
}

/// Self-attention, attention to a memory, and a feed-forward network.
#[derive(Clone, Module)]
pub struct DecoderLayer<E, H, D, F, B: Backend = Cpu<f32>> {
    /// The sequence attends to itself.
    pub attention: MultiHeadAttention<E, H, D, B>,
    /// The norm of the self-attention.
    pub attention_norm: LayerNorm<E, B>,
    /// The sequence attends to the memory.
    pub cross: MultiHeadAttention<E, H, D, B>,
    /// The norm of the cross-attention.
    pub cross_norm: LayerNorm<E, B>,
    /// Each position by itself.
    pub feed_forward: FeedForward<E, F, B>,
    /// The norm of the feed-forward network.
    pub feed_forward_norm: LayerNorm<E, B>,
    /// Where it normalises.
    pub order: NormOrder,
}

impl<E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float>> DecoderLayer<E, H, D, F, B> {
    /// The layer on `x (batch, sequence, E)`, which attends to `memory (batch, other sequence, E)`.
    pub fn forward<S, R, M, N>(
        &self,
        x: &Tensor<S, B>,
        memory: &Tensor<R, B>,
        mask: &M,
        memory_mask: &N,
    ) -> Tensor<S, B>
    where
        S: Sequence<E> + Last<E>,
        R: Memory<S, E>,
        M: Mask<S::Batch, S::Length, S::Length>,
        N: Mask<S::Batch, S::Length, R::Length>,
    {
        let x = residual(self.order, &self.attention_norm, x, |x, y| self.attention.forward_residual(x, mask, y));
        let x = residual(self.order, &self.cross_norm, &x, |x, y| self.cross.cross_residual(x, memory, memory_mask, y));
        residual(self.order, &self.feed_forward_norm, &x, |x, y| self.feed_forward.forward_residual(x, y))
    }
}

/// Encoder layers one after another.
#[derive(Clone, Module)]
pub struct Encoder<E, H, D, F, B: Backend = Cpu<f32>> {
    /// The layers.
    pub layers: Vec<EncoderLayer<E, H, D, F, B>>,
}

impl<E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float>> Encoder<E, H, D, F, B> {
    /// All layers on `x (batch, sequence, E)`.
    pub fn forward<S, M>(&self, x: &Tensor<S, B>, mask: &M) -> Tensor<S, B>
    where
        S: Sequence<E> + Last<E>,
        M: Mask<S::Batch, S::Length, S::Length>,
    {
        self.layers.iter().fold(x.clone(), |x, layer| layer.forward(&x, mask))
    }

    /// All layers on `x (batch, sequence, E)`, which goes on from what the cache holds: each position attends to those up to
    /// its own.
    ///
    /// # Panics
    /// The cache has fewer layers.
    pub fn forward_cached<S, P: Dim, K: Dim>(
        &self,
        x: &Tensor<S, B>,
        step: &mut CacheStep<'_, S::Batch, H, D, P, S::Length, K, B>,
    ) -> Tensor<S, B>
    where
        S: Sequence<E> + Last<E>,
    {
        self.layers.iter().enumerate().fold(x.clone(), |x, (i, layer)| layer.forward_cached(&x, i, step))
    }
}

/// Decoder layers one after another.
#[derive(Clone, Module)]
pub struct Decoder<E, H, D, F, B: Backend = Cpu<f32>> {
    /// The layers.
    pub layers: Vec<DecoderLayer<E, H, D, F, B>>,
}

impl<E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float>> Decoder<E, H, D, F, B> {
    /// All layers on `x (batch, sequence, E)`, which attend to `memory (batch, other sequence, E)`.
    pub fn forward<S, R, M, N>(
        &self,
        x: &Tensor<S, B>,
        memory: &Tensor<R, B>,
        mask: &M,
        memory_mask: &N,
    ) -> Tensor<S, B>
    where
        S: Sequence<E> + Last<E>,
        R: Memory<S, E>,
        M: Mask<S::Batch, S::Length, S::Length>,
        N: Mask<S::Batch, S::Length, R::Length>,
    {
        self.layers.iter().fold(x.clone(), |x, layer| layer.forward(&x, memory, mask, memory_mask))
    }
}
