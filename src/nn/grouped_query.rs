//! Grouped-query attention ([Ainslie et al. 2023](https://arxiv.org/abs/2305.13245)).

use super::multi_head::{Heads, project_merged, sequence};
use super::{CacheStep, Linear, Rotary, attention};
use crate::backend::{Backend, Epilogue, Float};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, Times};
use crate::mask::Mask;
use crate::shape::{Sequence, SharesHeads};
use crate::tensor::{IdOf, Tensor, TensorOf};
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

impl<E: Dim, Q: Dim, H: Dim, D: Dim, B: Backend<Elem: Float>> GroupedQueryAttention<E, Q, H, D, B> {
    /// Self-attention: the sequence attends to itself.
    pub fn forward<S, P: Dim, I: IdOf<P>, M>(
        &self,
        x: &Tensor<S, B>,
        rotary: &Rotary<P, D, B>,
        positions: &TensorOf<(S::Batch, S::Length), I, B>,
        mask: &M,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        Q: SharesHeads<H>,
        M: Mask<S::Batch, S::Length, S::Length>,
        E: Dense,
        Q: Dense,
        D: Dense,
    {
        self.attend(x, rotary, positions, mask, Epilogue::default())
    }

    /// `forward(x) + residual`: it is added while the last product is at hand.
    pub(super) fn forward_residual<S, P: Dim, I: IdOf<P>, M>(
        &self,
        x: &Tensor<S, B>,
        rotary: &Rotary<P, D, B>,
        positions: &TensorOf<(S::Batch, S::Length), I, B>,
        mask: &M,
        residual: &Tensor<S, B>,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        Q: SharesHeads<H>,
        M: Mask<S::Batch, S::Length, S::Length>,
        E: Dense,
        Q: Dense,
        D: Dense,
    {
        self.attend(x, rotary, positions, mask, Epilogue::residual(residual.array()))
    }

    fn attend<S, P: Dim, I: IdOf<P>, M>(
        &self,
        x: &Tensor<S, B>,
        rotary: &Rotary<P, D, B>,
        positions: &TensorOf<(S::Batch, S::Length), I, B>,
        mask: &M,
        after: Epilogue<'_, B::Array>,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        Q: SharesHeads<H>,
        M: Mask<S::Batch, S::Length, S::Length>,
        E: Dense,
        Q: Dense,
        D: Dense,
    {
        let (q, k, v) = self.project(x, rotary, positions);
        project_merged(x, &attention(&q, &k, &v, mask), &self.output, after)
    }

    /// The sequence attends to itself and to what the cache holds, as this layer of it.
    ///
    /// # Panics
    /// The cache has no such layer, or the step was there before.
    pub fn forward_cached<S, P: Dim, K: Dim>(
        &self,
        x: &Tensor<S, B>,
        rotary: &Rotary<P, D, B>,
        layer: usize,
        step: &mut CacheStep<'_, S::Batch, H, D, P, S::Length, K, B>,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        Q: SharesHeads<H>,
        E: Dense,
        Q: Dense,
        D: Dense,
    {
        self.attend_cached(x, rotary, layer, step, Epilogue::default())
    }

    /// `forward_cached(x) + residual`: it is added while the last product is at hand.
    pub(super) fn forward_cached_residual<S, P: Dim, K: Dim>(
        &self,
        x: &Tensor<S, B>,
        rotary: &Rotary<P, D, B>,
        layer: usize,
        step: &mut CacheStep<'_, S::Batch, H, D, P, S::Length, K, B>,
        residual: &Tensor<S, B>,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        Q: SharesHeads<H>,
        E: Dense,
        Q: Dense,
        D: Dense,
    {
        self.attend_cached(x, rotary, layer, step, Epilogue::residual(residual.array()))
    }

    fn attend_cached<S: Sequence<E>, P: Dim, K: Dim>(
        &self,
        x: &Tensor<S, B>,
        rotary: &Rotary<P, D, B>,
        layer: usize,
        step: &mut CacheStep<'_, S::Batch, H, D, P, S::Length, K, B>,
        after: Epilogue<'_, B::Array>,
    ) -> Tensor<S, B>
    where
        Q: SharesHeads<H>,
        E: Dense,
        Q: Dense,
        D: Dense,
    {
        let (q, k, v) = self.project(x, rotary, step.positions());
        let (keys, values) = step.append(layer, &k, &v);
        project_merged(x, &attention(&q, &keys, &values, step.mask()), &self.output, after)
    }

    /// Queries, keys and values, the first two at their positions.
    fn project<S: Sequence<E>, P: Dim, I: IdOf<P>>(
        &self,
        x: &Tensor<S, B>,
        rotary: &Rotary<P, D, B>,
        positions: &TensorOf<(S::Batch, S::Length), I, B>,
    ) -> (Heads<S, E, Q, D, B>, Heads<S, E, H, D, B>, Heads<S, E, H, D, B>)
    where
        E: Dense,
        Q: Dense,
        D: Dense,
    {
        let x = sequence(x);
        let q = rotary.rotated(self.query.forward(&x).split_heads(), positions);
        let k = rotary.rotated(self.key.forward(&x).split_heads(), positions);
        (q, k, self.value.forward(&x).split_heads())
    }
}

impl<E: Dim, Q: Dim, H: Dim, D: Dim> GroupedQueryAttention<E, Q, H, D> {
    /// A new layer with random parameters, without biases.
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
