//! Multi-head attention ([Vaswani et al. 2017](https://arxiv.org/abs/1706.03762)).

use super::attention::attend;
use super::{CacheStep, KeysAndValues, Linear, WellFormed};
use crate::backend::{ArrayOf, Backend, Epilogue, Float, MaskOf};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, Summed, Times};
use crate::mask::Mask;
use crate::sealed::Sealed;
use crate::shape::{Sequence, Shape};
use crate::tensor::{SameBackend, Tensor};
use crate::{Module, Rng};

/// Attention of `H` heads of size `D`, each on its own projection of `E`.
///
/// ```
/// use congruent::{nn::MultiHeadAttention, prelude::*};
/// dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; }
/// let layer = MultiHeadAttention::random(Embed, Heads, HeadDim, &mut Rng::with_seed(1));
/// let x = Tensor::ones((Batch, Seq, Embed));
/// let y: Tensor<(Batch, Seq, Embed)> = layer.forward(&x, &Causal);
/// ```
#[derive(Clone, Module)]
#[module(debug)]
#[doc(alias("MultiheadAttention", "self_attention"))]
pub struct MultiHeadAttention<E, H, D, B: Backend = Cpu<f32>> {
    /// To the queries.
    pub query: Linear<E, Times<H, D>, B>,
    /// To the keys.
    pub key: Linear<E, Times<H, D>, B>,
    /// To the values.
    pub value: Linear<E, Times<H, D>, B>,
    /// From the merged heads.
    pub output: Linear<Times<H, D>, E, B>,
}
impl<E: Dense, H: Summed, D: Dense, B: Backend> WellFormed for MultiHeadAttention<E, H, D, B> {
    fn sealed(_: Sealed) {}
}

/// That sequences of the shape can be attended to from sequences of shape `S`: both are
/// `(batch, sequence, E)` of the same batch.
#[diagnostic::on_unimplemented(
    message = "`{S}` cannot attend to `{Self}`",
    label = "expected `(batch, sequence, {E})` with the batch of `{S}`",
    note = "both have the batch and the width of the layer; their lengths may differ",
    note = "explained in `congruent::errors::C27`: https://docs.rs/congruent/latest/congruent/errors/C27/"
)]
pub trait Memory<S, E>: Shape {
    /// The positions that are attended to.
    type Length: Dim;
    /// The positions that are attended to.
    fn length(self) -> Self::Length;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Dim, Q: Dim, K: Dim, E: Dim> Memory<(B, Q, E), E> for (B, K, E) {
    type Length = K;
    fn length(self) -> K {
        self.1
    }
    fn sealed(_: Sealed) {}
}

impl<E: Dim, H: Dim, D: Dim, B: Backend<Elem: Float>> MultiHeadAttention<E, H, D, B> {
    /// Self-attention: the sequence attends to itself.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::MultiHeadAttention;
    /// dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; }
    /// let layer = MultiHeadAttention::random(Embed, Heads, HeadDim, &mut Rng::with_seed(1));
    /// let lengths = Lengths::new(Batch, Ragged(Seq), &[5, 2])?;
    /// let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    /// let y: Tensor<(Batch, Ragged<Seq>, Embed)> = layer.forward(&x, &lengths);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward<S, M>(&self, x: &Tensor<S, impl SameBackend<B>>, mask: &M) -> Tensor<S, B>
    where
        S: Sequence<E>,
        M: Mask<S::Batch, S::Length, S::Length, B::Engine>,
        Self: WellFormed,
    {
        let mask = mask.describe(&x.device());
        on_sequence(x, |x| self.apply(&x, &x, |new| new, &mask, Epilogue::default()))
    }

    /// Cross-attention: the sequence attends to another one, the memory.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::MultiHeadAttention;
    /// dims! { Batch = 2; Text = 5; Image = 7; Embed = 12; Heads = 3; HeadDim = 4; }
    /// let layer = MultiHeadAttention::random(Embed, Heads, HeadDim, &mut Rng::with_seed(1));
    /// let (text, image) = (Tensor::ones((Batch, Text, Embed)), Tensor::ones((Batch, Image, Embed)));
    /// let y: Tensor<(Batch, Text, Embed)> = layer.cross(&text, &image, &Full);
    /// ```
    #[doc(alias = "cross_attention")]
    pub fn cross<S, R, M>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        memory: &Tensor<R, impl SameBackend<B>>,
        mask: &M,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        R: Memory<S, E>,
        M: Mask<S::Batch, S::Length, R::Length, B::Engine>,
        Self: WellFormed,
    {
        let (memory, mask) = (memory_of(x, memory), mask.describe(&x.device()));
        on_sequence(x, |x| self.apply(&x, &memory, |new| new, &mask, Epilogue::default()))
    }

    /// The sequence attends to itself and to what the cache holds, as this layer of it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{KeyValueCache, MultiHeadAttention};
    /// dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; Positions = 512; }
    /// let layer = MultiHeadAttention::random(Embed, Heads, HeadDim, &mut Rng::with_seed(1));
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// let x = Tensor::ones((Batch, Seq, Embed));
    /// let y: Tensor<(Batch, Seq, Embed)> = cache.step(Seq, |step| layer.forward_cached(&x, 0, step))?;
    /// assert_eq!(cache.lengths(), [5, 5]);
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
        on_sequence(x, |x| self.apply(&x, &x, |new| step.append_to(layer, new), &mask, Epilogue::default()))
    }

    /// The sequence attends to `all` the keys and values there are with those of the memory: a cache holds some from before.
    /// The memory of self-attention is the sequence. The epilogue is that of the last product.
    pub(super) fn apply<N: Dim, L: Dim, R: Dim, K: Dim>(
        &self,
        x: &Tensor<(N, L, E), B>,
        memory: &Tensor<(N, R, E), B>,
        all: impl FnOnce(KeysAndValues<N, H, D, R, B>) -> KeysAndValues<N, H, D, K, B>,
        mask: &MaskOf<B>,
        after: Epilogue<'_, ArrayOf<B>>,
    ) -> Tensor<(N, L, E), B> {
        self.output.apply(&self.merged(x, memory, all, mask), after)
    }

    /// The merged heads, before the output layer.
    pub(super) fn merged<N: Dim, L: Dim, R: Dim, K: Dim>(
        &self,
        x: &Tensor<(N, L, E), B>,
        memory: &Tensor<(N, R, E), B>,
        all: impl FnOnce(KeysAndValues<N, H, D, R, B>) -> KeysAndValues<N, H, D, K, B>,
        mask: &MaskOf<B>,
    ) -> Tensor<(N, L, Times<H, D>), B> {
        let q = self.query.apply(x, Epilogue::default()).split_heads();
        let k = self.key.apply(memory, Epilogue::default()).split_heads();
        let v = self.value.apply(memory, Epilogue::default()).split_heads();
        attend(&q, &all((k, v)), mask).merge_heads()
    }
}

/// A layer on the sequence by its dimensions, which the compiler does not know to be those of a triple.
pub(super) fn on_sequence<S: Sequence<E>, E: Dim, B: Backend>(
    x: &Tensor<S, impl SameBackend<B>>,
    layer: impl FnOnce(Tensor<(S::Batch, S::Length, E), B>) -> Tensor<(S::Batch, S::Length, E), B>,
) -> Tensor<S, B> {
    let y = layer(Tensor::from_parts(x.shape().dims(), x.array().clone()));
    Tensor::from_parts(x.shape(), y.into_array())
}

/// The memory by its dimensions: see [`on_sequence`].
pub(super) fn memory_of<S: Sequence<E>, R: Memory<S, E>, E: Dim, B: Backend>(
    x: &Tensor<S, impl SameBackend<B>>,
    memory: &Tensor<R, impl SameBackend<B>>,
) -> Tensor<(S::Batch, R::Length, E), B> {
    let (batch, _, embed) = x.shape().dims();
    Tensor::from_parts((batch, memory.shape().length(), embed), memory.array().clone())
}

impl<E: Dim, H: Dim, D: Dim> MultiHeadAttention<E, H, D> {
    /// A new layer with random parameters.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::MultiHeadAttention;
    /// dims! { Embed = 12; Heads = 3; HeadDim = 4; }
    /// let layer = MultiHeadAttention::random(Embed, Heads, HeadDim, &mut Rng::with_seed(1));
    /// assert_eq!(layer.query.output(), Times(Heads, HeadDim));
    /// ```
    pub fn random(embed: E, heads: H, head_dim: D, rng: &mut Rng) -> Self {
        let merged = Times(heads, head_dim);
        MultiHeadAttention {
            query: Linear::random(embed, merged, rng),
            key: Linear::random(embed, merged, rng),
            value: Linear::random(embed, merged, rng),
            output: Linear::random(merged, embed, rng),
        }
    }
}
