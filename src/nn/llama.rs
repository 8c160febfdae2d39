//! The layers of the Llama family ([Touvron et al. 2023](https://arxiv.org/abs/2302.13971)).

use super::multi_head::on_sequence;
use super::{
    CacheStep, GatedFeedForward, GroupedQueryAttention, KeysAndValues, RmsNorm, Rotary, RotaryAngles, RotaryOf,
    WellFormed,
};
use crate::Module;
use crate::backend::{Backend, Epilogue, Float, MaskOf, With};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, Summed};
use crate::mask::Mask;
use crate::sealed::Sealed;
use crate::shape::{PositionsOf, Sequence, SharesHeads};
use crate::tensor::{IdOf, SameBackend, Tensor};

/// Grouped-query attention with rotary positions and a gated feed-forward network, each behind a norm and beside a residual
/// connection.
#[derive(Clone, Module)]
#[module(debug)]
pub struct LlamaLayer<E, Q, H, D, F, B: Backend = Cpu<f32>> {
    /// The norm before the attention.
    pub attention_norm: RmsNorm<E, B>,
    /// The sequence attends to itself.
    pub attention: GroupedQueryAttention<E, Q, H, D, B>,
    /// The norm before the feed-forward network.
    pub feed_forward_norm: RmsNorm<E, B>,
    /// Each position by itself.
    pub feed_forward: GatedFeedForward<E, F, B>,
}
impl<E: Dense, Q: Summed + SharesHeads<H>, H: Dim, D: Dense, F: Summed, B: Backend> WellFormed
    for LlamaLayer<E, Q, H, D, F, B>
{
    fn sealed(_: Sealed) {}
}

impl<E: Dim, Q: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float>> LlamaLayer<E, Q, H, D, F, B> {
    /// The layer on `x (batch, sequence, E)`, which attends to itself.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{GatedFeedForward, GroupedQueryAttention, LlamaLayer, RmsNorm, Rotary, RotaryLayout};
    /// dims! { Batch = 1; Seq = 3; Embed = 8; KeyHeads = 2; HeadDim = 4; Hidden = 16; Positions = 64; }
    /// let rng = &mut Rng::with_seed(1);
    /// let layer = LlamaLayer {
    ///     attention_norm: RmsNorm::new(Embed, 1e-5),
    ///     attention: GroupedQueryAttention::random(Embed, KeyHeads, KeyHeads, HeadDim, rng),
    ///     feed_forward_norm: RmsNorm::new(Embed, 1e-5),
    ///     feed_forward: GatedFeedForward::random(Embed, Hidden, rng),
    /// };
    /// let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    /// let positions = Ids::new((Batch, Seq), Positions, &[0, 1, 2])?;
    /// let y = layer.forward(&Tensor::ones((Batch, Seq, Embed)), &rotary, &positions, &Causal);
    /// assert_eq!(y.sizes(), [1, 3, 8]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward<S, R, P: Dim, I: IdOf<P>, M, C>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        rotary: &impl RotaryOf<P, D, Backend: SameBackend<B>>,
        positions: &Tensor<R, C>,
        mask: &M,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        R: PositionsOf<S::Batch, S::Length>,
        M: Mask<S::Batch, S::Length, S::Length, B::Engine>,
        C: Backend<Elem = I> + SameBackend<With<B, I>>,
        Self: WellFormed,
    {
        let sequence = x.shape().dims().1;
        let (angles, mask) = (rotary.rotary().angles_of(sequence, positions), mask.describe(&x.device()));
        on_sequence(x, |x| self.apply(&x, &angles, |new| new, &mask))
    }

    /// The layer on `x (batch, sequence, E)`, which goes on from what the cache holds, as this layer of it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{GatedFeedForward, GroupedQueryAttention, KeyValueCache, LlamaLayer, RmsNorm, Rotary, RotaryLayout};
    /// dims! { Batch = 1; Seq = 3; Embed = 8; KeyHeads = 2; HeadDim = 4; Hidden = 16; Positions = 64; }
    /// # let rng = &mut Rng::with_seed(1);
    /// # let layer = LlamaLayer {
    /// #     attention_norm: RmsNorm::new(Embed, 1e-5),
    /// #     attention: GroupedQueryAttention::random(Embed, KeyHeads, KeyHeads, HeadDim, rng),
    /// #     feed_forward_norm: RmsNorm::new(Embed, 1e-5),
    /// #     feed_forward: GatedFeedForward::random(Embed, Hidden, rng),
    /// # };
    /// let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    /// let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, 1);
    /// let x = Tensor::ones((Batch, Seq, Embed));
    /// let y = cache.step(Seq, |step| layer.forward_cached(&x, &rotary, 0, step))?;
    /// assert_eq!(y.sizes(), [1, 3, 8]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Panics
    /// The cache has no such layer, or the step was there before.
    pub fn forward_cached<S, P: Dim, K: Dim>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        rotary: &impl RotaryOf<P, D, Backend: SameBackend<B>>,
        layer: usize,
        step: &mut CacheStep<'_, S::Batch, H, D, P, S::Length, K, impl SameBackend<B>>,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        Self: WellFormed,
    {
        let (angles, mask) = (rotary.rotary().angles_on(step.positions()), step.mask().described());
        on_sequence(x, |x| self.apply(&x, &angles, |new| step.append_to(layer, new), &mask))
    }

    /// The layer on `x`, which attends to `all` the keys and values there are with its own.
    fn apply<N: Dim, L: Dim, K: Dim>(
        &self,
        x: &Tensor<(N, L, E), B>,
        angles: &RotaryAngles<(N, L), D, B>,
        all: impl FnOnce(KeysAndValues<N, H, D, L, B>) -> KeysAndValues<N, H, D, K, B>,
        mask: &MaskOf<B>,
    ) -> Tensor<(N, L, E), B> {
        let normed = self.attention_norm.normalized(x.clone());
        let x = self.attention.apply(&normed, angles, all, mask, Epilogue::residual(x.array()));
        self.feed_forward.apply(&self.feed_forward_norm.normalized(x.clone()), Epilogue::residual(x.array()))
    }
}

/// Layers one after another, and a norm: from the embeddings of a text to what its next token is predicted from.
///
/// ```
/// use congruent::nn::{GatedFeedForward, GroupedQueryAttention, KeyValueCache, Rotary, RotaryLayout};
/// use congruent::nn::{LlamaDecoder, LlamaLayer, RmsNorm};
/// use congruent::prelude::*;
/// dims! { Batch = 1; Embed = 24; KeyHeads = 2; Group = 3; HeadDim = 4; Hidden = 32; Positions = 64; Seq; }
/// let mut rng = Rng::with_seed(1);
/// let norm = RmsNorm::new(Embed, 1e-5);
/// let layers = (0..3).map(|_| LlamaLayer {
///     attention_norm: norm.clone(),
///     attention: GroupedQueryAttention::random(Embed, Times(KeyHeads, Group), KeyHeads, HeadDim, &mut rng),
///     feed_forward_norm: norm.clone(),
///     feed_forward: GatedFeedForward::random(Embed, Hidden, &mut rng),
/// });
/// let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
/// let decoder = LlamaDecoder { layers: layers.collect(), norm: norm.clone(), rotary };
///
/// // All of a text at once, as in training.
/// bind!(seq: Seq = 11);
/// let positions = Ids::new((Batch, seq), Positions, &Vec::from_iter(0..11))?;
/// let y = decoder.forward(&Tensor::ones((Batch, seq, Embed)), &positions, &Causal);
/// assert_eq!(y.sizes(), [1, 11, 24]);
///
/// // In parts, as it comes.
/// let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, decoder.layers.len());
/// for length in [10, 1] {
///     bind!(seq: Seq = length);
///     let y = cache.step(seq, |step| decoder.forward_cached(&Tensor::ones((Batch, seq, Embed)), step))?;
///     assert_eq!(y.sizes(), [1, length, 24]);
/// }
/// # Ok::<(), congruent::Error>(())
/// ```
#[derive(Clone, Module)]
#[module(debug)]
pub struct LlamaDecoder<E, Q, H, D, F, P, B: Backend = Cpu<f32>> {
    /// The layers.
    pub layers: Vec<LlamaLayer<E, Q, H, D, F, B>>,
    /// The norm of what the last layer gives.
    pub norm: RmsNorm<E, B>,
    /// The positions of queries and keys.
    pub rotary: Rotary<P, D, B>,
}
impl<E: Dense, Q: Summed + SharesHeads<H>, H: Dim, D: Dense, F: Summed, P: Dim, B: Backend> WellFormed
    for LlamaDecoder<E, Q, H, D, F, P, B>
{
    fn sealed(_: Sealed) {}
}

impl<E: Dim, Q: Dim, H: Dim, D: Dim, F: Dim, P: Dim, B: Backend<Elem: Float>> LlamaDecoder<E, Q, H, D, F, P, B> {
    /// All layers on `x (batch, sequence, E)`, whose elements stand at these positions, `(batch, sequence)`, of the table:
    /// those of the whole sequence, where each rank has a part of it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{LlamaDecoder, LlamaLayer, RmsNorm, Rotary, RotaryLayout};
    /// # use congruent::nn::{GatedFeedForward, GroupedQueryAttention};
    /// dims! { Batch = 1; Seq = 3; Embed = 8; KeyHeads = 2; HeadDim = 4; Hidden = 16; Positions = 64; }
    /// # let rng = &mut Rng::with_seed(1);
    /// # let layer = LlamaLayer {
    /// #     attention_norm: RmsNorm::new(Embed, 1e-5),
    /// #     attention: GroupedQueryAttention::random(Embed, KeyHeads, KeyHeads, HeadDim, rng),
    /// #     feed_forward_norm: RmsNorm::new(Embed, 1e-5),
    /// #     feed_forward: GatedFeedForward::random(Embed, Hidden, rng),
    /// # };
    /// let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    /// let decoder = LlamaDecoder { layers: vec![layer; 2], norm: RmsNorm::new(Embed, 1e-5), rotary };
    /// let positions = Ids::new((Batch, Seq), Positions, &[0, 1, 2])?;
    /// let y = decoder.forward(&Tensor::ones((Batch, Seq, Embed)), &positions, &Causal);
    /// assert_eq!(y.sizes(), [1, 3, 8]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward<S, R, I: IdOf<P>, M, C>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        positions: &Tensor<R, C>,
        mask: &M,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        R: PositionsOf<S::Batch, S::Length>,
        M: Mask<S::Batch, S::Length, S::Length, B::Engine>,
        C: Backend<Elem = I> + SameBackend<With<B, I>>,
        Self: WellFormed,
    {
        let sequence = x.shape().dims().1;
        let (angles, mask) = (self.rotary.angles_of(sequence, positions), mask.describe(&x.device()));
        on_sequence(x, |x| self.apply(x, &angles, |_, new| new, &mask))
    }

    /// All layers on `x (batch, sequence, E)`, which goes on from what the cache holds.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{KeyValueCache, LlamaDecoder, LlamaLayer, RmsNorm, Rotary, RotaryLayout};
    /// # use congruent::nn::{GatedFeedForward, GroupedQueryAttention};
    /// dims! { Batch = 1; Seq = 3; Embed = 8; KeyHeads = 2; HeadDim = 4; Hidden = 16; Positions = 64; }
    /// # let rng = &mut Rng::with_seed(1);
    /// # let layer = LlamaLayer {
    /// #     attention_norm: RmsNorm::new(Embed, 1e-5),
    /// #     attention: GroupedQueryAttention::random(Embed, KeyHeads, KeyHeads, HeadDim, rng),
    /// #     feed_forward_norm: RmsNorm::new(Embed, 1e-5),
    /// #     feed_forward: GatedFeedForward::random(Embed, Hidden, rng),
    /// # };
    /// let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    /// let decoder = LlamaDecoder { layers: vec![layer; 2], norm: RmsNorm::new(Embed, 1e-5), rotary };
    /// let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, decoder.layers.len());
    /// let x = Tensor::ones((Batch, Seq, Embed));
    /// let y = cache.step(Seq, |step| decoder.forward_cached(&x, step))?;
    /// assert_eq!(y.sizes(), [1, 3, 8]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Panics
    /// The cache has fewer layers.
    pub fn forward_cached<S, K: Dim>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        step: &mut CacheStep<'_, S::Batch, H, D, P, S::Length, K, impl SameBackend<B>>,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        Self: WellFormed,
    {
        let (angles, mask) = (self.rotary.angles_on(step.positions()), step.mask().described());
        on_sequence(x, |x| self.apply(x, &angles, |layer, new| step.append_to(layer, new), &mask))
    }

    /// The layers, each of which attends to `all` the keys and values that there are of it with its own; and the norm.
    fn apply<N: Dim, L: Dim, K: Dim>(
        &self,
        x: Tensor<(N, L, E), B>,
        angles: &RotaryAngles<(N, L), D, B>,
        mut all: impl FnMut(usize, KeysAndValues<N, H, D, L, B>) -> KeysAndValues<N, H, D, K, B>,
        mask: &MaskOf<B>,
    ) -> Tensor<(N, L, E), B> {
        let layers = self.layers.iter().enumerate();
        let x = layers.fold(x, |x, (i, layer)| layer.apply(&x, angles, |new| all(i, new), mask));
        self.norm.normalized(x)
    }
}
