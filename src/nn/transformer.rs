//! The layers of a transformer, and stacks of them.

use super::multi_head::{memory_of, on_sequence};
use super::{
    CacheStep, Dropout, FeedForward, InTraining, KeysAndValues, LayerNorm, Memory, MultiHeadAttention, WellFormed,
};
use crate::backend::{ArrayOf, Backend, Binary, Epilogue, Float, MaskOf};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, Summed};
use crate::mask::Mask;
use crate::sealed::Sealed;
use crate::shape::{Last, Sequence};
use crate::tensor::{SameBackend, Tensor};
use crate::{Module, Rng};

/// Where a layer normalises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NormOrder {
    /// Before each sublayer, `x + sublayer(norm(x))` ([Xiong et al. 2020](https://arxiv.org/abs/2002.04745)).
    Pre,
    /// After each sublayer, `norm(x + sublayer(x))` ([Vaswani et al. 2017](https://arxiv.org/abs/1706.03762)).
    #[default]
    Post,
}

/// Dropout in training, and where its random numbers come from; nothing in inference.
pub(super) type Dropped<'a> = Option<(Dropout, &'a mut Rng)>;

/// `sublayer` with its residual connection and normalisation. It takes its input and the residual to be added, if it is to
/// add one: dropout comes before that.
pub(super) fn residual<S: Last<E>, E: Dim, B: Backend<Elem: Float>>(
    order: NormOrder,
    norm: &LayerNorm<E, B>,
    x: &Tensor<S, B>,
    training: &mut Dropped<'_>,
    sublayer: impl FnOnce(&Tensor<S, B>, Epilogue<'_, ArrayOf<B>>) -> Tensor<S, B>,
) -> Tensor<S, B> {
    let normed;
    let input = match order {
        NormOrder::Pre => {
            normed = norm.normalized(x.clone());
            &normed
        }
        NormOrder::Post => x,
    };
    let y = match training {
        None => sublayer(input, Epilogue::residual(x.array())),
        Some((dropout, rng)) => {
            let dropped = dropout.chosen_by(&sublayer(input, Epilogue::default()), rng).into_array();
            Tensor::from_parts(x.shape(), B::binary(Binary::Add, dropped, x.array().clone()))
        }
    };
    match order {
        NormOrder::Pre => y,
        NormOrder::Post => norm.normalized(y),
    }
}

/// Self-attention and a feed-forward network, each with a residual connection and a norm.
#[derive(Clone, Module)]
#[module(debug)]
#[doc(alias("TransformerEncoderLayer", "Block"))]
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
impl<E: Dense, H: Summed, D: Dense, F: Summed, B: Backend> WellFormed for EncoderLayer<E, H, D, F, B> {
    fn sealed(_: Sealed) {}
}

impl<E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float>> EncoderLayer<E, H, D, F, B> {
    /// The layer on `x (batch, sequence, E)`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::EncoderLayer;
    /// dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; Hidden = 24; }
    /// let layer = EncoderLayer::random(Embed, Heads, HeadDim, Hidden, &mut Rng::with_seed(1));
    /// let y: Tensor<(Batch, Seq, Embed)> = layer.forward(&Tensor::ones((Batch, Seq, Embed)), &Full);
    /// ```
    pub fn forward<S, M>(&self, x: &Tensor<S, impl SameBackend<B>>, mask: &M) -> Tensor<S, B>
    where
        S: Sequence<E>,
        M: Mask<S::Batch, S::Length, S::Length, B::Engine>,
        Self: WellFormed,
    {
        let mask = mask.describe(&x.device());
        on_sequence(x, |x| self.apply(&x, |new| new, &mask, &mut None))
    }

    /// As [`forward`](Self::forward), in training: each sublayer has dropout before it is added to what it was calculated of.
    ///
    /// ```
    /// use congruent::nn::{Activation, Dropout, EncoderLayer, FeedForward, LayerNorm, Linear, MultiHeadAttention, NormOrder};
    /// use congruent::nn::Training;
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; Hidden = 24; }
    /// let mut rng = Rng::with_seed(1);
    /// let (up, down) = (Linear::random(Embed, Hidden, &mut rng), Linear::random(Hidden, Embed, &mut rng));
    /// let layer = EncoderLayer {
    ///     attention: MultiHeadAttention::random(Embed, Heads, HeadDim, &mut rng),
    ///     attention_norm: LayerNorm::new(Embed, 1e-5),
    ///     feed_forward: FeedForward { up, activation: Activation::Gelu, down },
    ///     feed_forward_norm: LayerNorm::new(Embed, 1e-5),
    ///     order: NormOrder::Pre,
    /// };
    /// let x = Tensor::ones((Batch, Seq, Embed));
    /// let y: Tensor<(Batch, Seq, Embed)> = layer.forward_training(&x, &Causal, Dropout { rate: 0.1 }, &mut Training::new(&mut rng));
    /// ```
    pub fn forward_training<S, M>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        mask: &M,
        dropout: Dropout,
        training: &mut impl InTraining,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        M: Mask<S::Batch, S::Length, S::Length, B::Engine>,
        Self: WellFormed,
    {
        let mask = mask.describe(&x.device());
        on_sequence(x, |x| self.apply(&x, |new| new, &mask, &mut Some((dropout, training.rng()))))
    }

    /// The layer of a decoder without a memory, such as GPT-2: on `x (batch, sequence, E)`, which goes on from what the cache
    /// holds, as this layer of it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{EncoderLayer, KeyValueCache};
    /// dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; Hidden = 24; Positions = 512; }
    /// let layer = EncoderLayer::random(Embed, Heads, HeadDim, Hidden, &mut Rng::with_seed(1));
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// let x = Tensor::ones((Batch, Seq, Embed));
    /// let y: Tensor<(Batch, Seq, Embed)> = cache.step(Seq, |step| layer.forward_cached(&x, 0, step))?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Panics
    /// The cache has no such layer, or the step was there before.
    pub fn forward_cached<S, P: Dim, K: Dim>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        layer: usize,
        step: &mut CacheStep<'_, S::Batch, H, D, P, S::Length, K, impl SameBackend<B>>,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        Self: WellFormed,
    {
        let mask = step.mask().described();
        on_sequence(x, |x| self.apply(&x, |new| step.append_to(layer, new), &mask, &mut None))
    }

    /// The layer on `x`, which attends to `all` the keys and values there are with its own.
    pub(super) fn apply<N: Dim, L: Dim, K: Dim>(
        &self,
        x: &Tensor<(N, L, E), B>,
        all: impl FnOnce(KeysAndValues<N, H, D, L, B>) -> KeysAndValues<N, H, D, K, B>,
        mask: &MaskOf<B>,
        training: &mut Dropped<'_>,
    ) -> Tensor<(N, L, E), B> {
        let x = residual(self.order, &self.attention_norm, x, training, |x, after| {
            self.attention.apply(x, x, all, mask, after)
        });
        residual(self.order, &self.feed_forward_norm, &x, training, |x, after| self.feed_forward.apply(x, after))
    }
}

/// Self-attention, attention to a memory, and a feed-forward network.
#[derive(Clone, Module)]
#[module(debug)]
#[doc(alias = "TransformerDecoderLayer")]
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
impl<E: Dense, H: Summed, D: Dense, F: Summed, B: Backend> WellFormed for DecoderLayer<E, H, D, F, B> {
    fn sealed(_: Sealed) {}
}

impl<E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float>> DecoderLayer<E, H, D, F, B> {
    /// The layer on `x (batch, sequence, E)`, which attends to `memory (batch, other sequence, E)`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::DecoderLayer;
    /// dims! { Batch = 2; Text = 5; Image = 7; Embed = 12; Heads = 3; HeadDim = 4; Hidden = 24; }
    /// let layer = DecoderLayer::random(Embed, Heads, HeadDim, Hidden, &mut Rng::with_seed(1));
    /// let (text, image) = (Tensor::ones((Batch, Text, Embed)), Tensor::ones((Batch, Image, Embed)));
    /// let y: Tensor<(Batch, Text, Embed)> = layer.forward(&text, &image, &Causal, &Full);
    /// ```
    pub fn forward<S, R, M, N>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        memory: &Tensor<R, impl SameBackend<B>>,
        mask: &M,
        memory_mask: &N,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        R: Memory<S, E>,
        M: Mask<S::Batch, S::Length, S::Length, B::Engine>,
        N: Mask<S::Batch, S::Length, R::Length, B::Engine>,
        Self: WellFormed,
    {
        let (memory, masks) = (memory_of(x, memory), [mask.describe(&x.device()), memory_mask.describe(&x.device())]);
        on_sequence(x, |x| self.apply(&x, &memory, &masks, &mut None))
    }

    /// As [`forward`](Self::forward), in training: each sublayer has dropout before it is added to what it was calculated of.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{DecoderLayer, Dropout, Training};
    /// dims! { Batch = 2; Text = 5; Image = 7; Embed = 12; Heads = 3; HeadDim = 4; Hidden = 24; }
    /// let mut rng = Rng::with_seed(1);
    /// let layer = DecoderLayer::random(Embed, Heads, HeadDim, Hidden, &mut rng);
    /// let (text, image) = (Tensor::ones((Batch, Text, Embed)), Tensor::ones((Batch, Image, Embed)));
    /// let (dropout, mut training) = (Dropout { rate: 0.1 }, Training::new(&mut rng));
    /// let y: Tensor<(Batch, Text, Embed)> = layer.forward_training(&text, &image, &Causal, &Full, dropout, &mut training);
    /// ```
    pub fn forward_training<S, R, M, N>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        memory: &Tensor<R, impl SameBackend<B>>,
        mask: &M,
        memory_mask: &N,
        dropout: Dropout,
        training: &mut impl InTraining,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        R: Memory<S, E>,
        M: Mask<S::Batch, S::Length, S::Length, B::Engine>,
        N: Mask<S::Batch, S::Length, R::Length, B::Engine>,
        Self: WellFormed,
    {
        let (memory, masks) = (memory_of(x, memory), [mask.describe(&x.device()), memory_mask.describe(&x.device())]);
        on_sequence(x, |x| self.apply(&x, &memory, &masks, &mut Some((dropout, training.rng()))))
    }

    /// The layer on `x`. The masks are that of the sequence, and that of the memory.
    pub(super) fn apply<N: Dim, L: Dim, R: Dim>(
        &self,
        x: &Tensor<(N, L, E), B>,
        memory: &Tensor<(N, R, E), B>,
        [mask, memory_mask]: &[MaskOf<B>; 2],
        training: &mut Dropped<'_>,
    ) -> Tensor<(N, L, E), B> {
        let x = residual(self.order, &self.attention_norm, x, training, |x, after| {
            self.attention.apply(x, x, |new| new, mask, after)
        });
        let x = residual(self.order, &self.cross_norm, &x, training, |x, after| {
            self.cross.apply(x, memory, |new| new, memory_mask, after)
        });
        residual(self.order, &self.feed_forward_norm, &x, training, |x, after| self.feed_forward.apply(x, after))
    }
}
