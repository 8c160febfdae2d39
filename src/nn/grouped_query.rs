//! Grouped-query attention ([Ainslie et al. 2023](https://arxiv.org/abs/2305.13245)).

use super::attention::attend;
use super::multi_head::on_sequence;
use super::{CacheStep, KeysAndValues, Linear, RotaryAngles, RotaryOf, WellFormed};
use crate::backend::{ArrayOf, Backend, Epilogue, Float, MaskOf, With};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, Summed, Times};
use crate::mask::Mask;
use crate::sealed::Sealed;
use crate::shape::{PositionsOf, Sequence, SharesHeads};
use crate::tensor::{IdOf, SameBackend, Tensor};
use crate::{Module, Rng};

/// Attention of `Q` query heads to `H` key heads of size `D`, with rotary positions.
///
/// `Q` is `Times<H, Group>`: groups of query heads share a key head. With `H` itself each query head has a key head of
/// its own; with `N<1>` for `H`, all share one (multi-query attention).
///
/// ```
/// use congruent::nn::{GroupedQueryAttention, KeyValueCache, Rotary, RotaryLayout};
/// use congruent::prelude::*;
/// dims! { Batch = 2; Seq = 5; Embed = 24; KeyHeads = 2; Group = 3; HeadDim = 4; Positions = 512; }
/// let mut rng = Rng::with_seed(1);
/// let layer = GroupedQueryAttention::random(Embed, Times(KeyHeads, Group), KeyHeads, HeadDim, &mut rng);
/// let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
/// let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, 1);
/// let x = Tensor::ones((Batch, Seq, Embed));
/// let y: Tensor<(Batch, Seq, Embed)> = cache.step(Seq, |step| layer.forward_cached(&x, &rotary, 0, step))?;
/// # Ok::<(), congruent::Error>(())
/// ```
#[derive(Clone, Module)]
#[module(debug)]
pub struct GroupedQueryAttention<E, Q, H, D, B: Backend = Cpu<f32>> {
    /// To the queries.
    pub query: Linear<E, Times<Q, D>, B>,
    /// To the keys.
    pub key: Linear<E, Times<H, D>, B>,
    /// To the values.
    pub value: Linear<E, Times<H, D>, B>,
    /// From the merged heads.
    pub output: Linear<Times<Q, D>, E, B>,
}
impl<E: Dense, Q: Summed + SharesHeads<H>, H: Dim, D: Dense, B: Backend> WellFormed
    for GroupedQueryAttention<E, Q, H, D, B>
{
    fn sealed(_: Sealed) {}
}

impl<E: Dim, Q: Dim, H: Dim, D: Dim, B: Backend<Elem: Float>> GroupedQueryAttention<E, Q, H, D, B> {
    /// Self-attention: the sequence attends to itself. Its positions are `(batch, sequence)`, those of the whole sequence where each rank
    /// has a part of it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{GroupedQueryAttention, Rotary, RotaryLayout};
    /// dims! { Batch = 1; Seq = 3; Embed = 24; KeyHeads = 2; Group = 3; HeadDim = 4; Positions = 512; }
    /// let rng = &mut Rng::with_seed(1);
    /// let layer = GroupedQueryAttention::random(Embed, Times(KeyHeads, Group), KeyHeads, HeadDim, rng);
    /// let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    /// let positions = Ids::new((Batch, Seq), Positions, &[0, 1, 2])?;
    /// let y = layer.forward(&Tensor::ones((Batch, Seq, Embed)), &rotary, &positions, &Causal);
    /// assert_eq!(y.sizes(), [1, 3, 24]);
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
        on_sequence(x, |x| self.apply(&x, &angles, |new| new, &mask, Epilogue::default()))
    }

    /// The sequence attends to itself and to what the cache holds, as this layer of it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{GroupedQueryAttention, KeyValueCache, Rotary, RotaryLayout};
    /// dims! { Batch = 1; Seq = 3; Embed = 24; KeyHeads = 2; Group = 3; HeadDim = 4; Positions = 512; }
    /// let rng = &mut Rng::with_seed(1);
    /// let layer = GroupedQueryAttention::random(Embed, Times(KeyHeads, Group), KeyHeads, HeadDim, rng);
    /// let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    /// let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, 1);
    /// let x = Tensor::ones((Batch, Seq, Embed));
    /// let y = cache.step(Seq, |step| layer.forward_cached(&x, &rotary, 0, step))?;
    /// assert_eq!(y.sizes(), [1, 3, 24]);
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
        let all = |new: KeysAndValues<_, _, _, _, B>| step.append_to(layer, new);
        on_sequence(x, |x| self.apply(&x, &angles, all, &mask, Epilogue::default()))
    }

    /// The sequence attends to `all` the keys and values there are with its own: a cache holds some from before. The epilogue
    /// is that of the last product.
    pub(super) fn apply<N: Dim, L: Dim, K: Dim>(
        &self,
        x: &Tensor<(N, L, E), B>,
        angles: &RotaryAngles<(N, L), D, B>,
        all: impl FnOnce(KeysAndValues<N, H, D, L, B>) -> KeysAndValues<N, H, D, K, B>,
        mask: &MaskOf<B>,
        after: Epilogue<'_, ArrayOf<B>>,
    ) -> Tensor<(N, L, E), B> {
        self.output.apply(&self.merged(x, angles, all, mask), after)
    }

    /// The merged heads, before the output layer.
    pub(super) fn merged<N: Dim, L: Dim, K: Dim>(
        &self,
        x: &Tensor<(N, L, E), B>,
        angles: &RotaryAngles<(N, L), D, B>,
        all: impl FnOnce(KeysAndValues<N, H, D, L, B>) -> KeysAndValues<N, H, D, K, B>,
        mask: &MaskOf<B>,
    ) -> Tensor<(N, L, Times<Q, D>), B> {
        let q = angles.rotated(self.query.apply(x, Epilogue::default()).split_heads());
        let k = angles.rotated(self.key.apply(x, Epilogue::default()).split_heads());
        let v = self.value.apply(x, Epilogue::default()).split_heads();
        attend(&q, &all((k, v)), mask).merge_heads()
    }
}

impl<E: Dim, Q: Dim, H: Dim, D: Dim> GroupedQueryAttention<E, Q, H, D> {
    /// A new layer with random parameters, without biases.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::GroupedQueryAttention;
    /// dims! { Embed = 24; KeyHeads = 2; Group = 3; HeadDim = 4; }
    /// let rng = &mut Rng::with_seed(1);
    /// let layer = GroupedQueryAttention::random(Embed, Times(KeyHeads, Group), KeyHeads, HeadDim, rng);
    /// assert_eq!(layer.query.weight.sizes(), [24, 24]);
    /// assert_eq!(layer.key.weight.sizes(), [8, 24]);
    /// ```
    pub fn random(embed: E, query_heads: Q, key_heads: H, head_dim: D, rng: &mut Rng) -> Self
    where
        Q: SharesHeads<H>,
    {
        let (queries, keys) = (Times(query_heads, head_dim), Times(key_heads, head_dim));
        GroupedQueryAttention {
            query: Linear::random(embed, queries, rng).without_bias(),
            key: Linear::random(embed, keys, rng).without_bias(),
            value: Linear::random(embed, keys, rng).without_bias(),
            output: Linear::random(queries, embed, rng).without_bias(),
        }
    }
}
