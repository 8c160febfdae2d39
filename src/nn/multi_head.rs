//! Multi-head attention ([Vaswani et al. 2017](https://arxiv.org/abs/1706.03762)).

use super::{CacheStep, Linear, attention};
use crate::backend::{Backend, Epilogue, Float};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, Times};
use crate::mask::Mask;
use crate::sealed::Sealed;
use crate::shape::{Sequence, Shape};
use crate::tensor::Tensor;
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

/// That sequences of the shape can be attended to from sequences of shape `S`: both are
/// `(batch, sequence, E)` of the same batch.
#[diagnostic::on_unimplemented(
    message = "`{S}` cannot attend to `{Self}`",
    label = "expected `(batch, sequence, {E})` with the batch of `{S}`",
    note = "both have the batch and the width of the layer; their lengths may differ",
    note = "explained in `congruent::errors::C27`"
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
    pub fn forward<S, M>(&self, x: &Tensor<S, B>, mask: &M) -> Tensor<S, B>
    where
        S: Sequence<E>,
        M: Mask<S::Batch, S::Length, S::Length>,
        E: Dense,
        H: Dense,
        D: Dense,
    {
        self.attend(x, &sequence(x), mask, Epilogue::default())
    }

    /// As [`forward`](Self::forward), with an epilogue of the last product.
    pub(super) fn forward_then<S, M>(&self, x: &Tensor<S, B>, mask: &M, after: Epilogue<'_, B::Array>) -> Tensor<S, B>
    where
        S: Sequence<E>,
        M: Mask<S::Batch, S::Length, S::Length>,
        E: Dense,
        H: Dense,
        D: Dense,
    {
        self.attend(x, &sequence(x), mask, after)
    }

    /// Cross-attention: the sequence attends to another one, the memory.
    #[doc(alias = "cross_attention")]
    pub fn cross<S, R, M>(&self, x: &Tensor<S, B>, memory: &Tensor<R, B>, mask: &M) -> Tensor<S, B>
    where
        S: Sequence<E>,
        R: Memory<S, E>,
        M: Mask<S::Batch, S::Length, R::Length>,
        E: Dense,
        H: Dense,
        D: Dense,
    {
        self.attend(x, &self.memory(x, memory), mask, Epilogue::default())
    }

    /// As [`cross`](Self::cross), with an epilogue of the last product.
    pub(super) fn cross_then<S, R, M>(
        &self,
        x: &Tensor<S, B>,
        memory: &Tensor<R, B>,
        mask: &M,
        after: Epilogue<'_, B::Array>,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        R: Memory<S, E>,
        M: Mask<S::Batch, S::Length, R::Length>,
        E: Dense,
        H: Dense,
        D: Dense,
    {
        self.attend(x, &self.memory(x, memory), mask, after)
    }

    /// The sequence attends to itself and to what the cache holds, as this layer of it.
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
        S: Sequence<E>,
        E: Dense,
        H: Dense,
        D: Dense,
    {
        self.forward_cached_then(x, layer, step, Epilogue::default())
    }

    /// As [`forward_cached`](Self::forward_cached), with an epilogue of the last product.
    pub(super) fn forward_cached_then<S: Sequence<E>, P: Dim, K: Dim>(
        &self,
        x: &Tensor<S, B>,
        layer: usize,
        step: &mut CacheStep<'_, S::Batch, H, D, P, S::Length, K, B>,
        after: Epilogue<'_, B::Array>,
    ) -> Tensor<S, B>
    where
        E: Dense,
        H: Dense,
        D: Dense,
    {
        let sequence = sequence(x);
        let k = self.key.forward(&sequence).split_heads();
        let v = self.value.forward(&sequence).split_heads();
        let (keys, values) = step.append(layer, &k, &v);
        let q = self.query.forward(&sequence).split_heads();
        project_merged(x, &attention(&q, &keys, &values, step.mask()), &self.output, after)
    }

    /// The memory by its dimensions: see [`sequence`].
    fn memory<S: Sequence<E>, R: Memory<S, E>>(
        &self,
        x: &Tensor<S, B>,
        memory: &Tensor<R, B>,
    ) -> Tensor<(S::Batch, R::Length, E), B>
    where
        E: Dense,
        H: Dense,
        D: Dense,
    {
        let (batch, _, embed) = x.shape().dims();
        Tensor::from_parts((batch, memory.shape().length(), embed), memory.array().clone())
    }

    fn attend<S: Sequence<E>, K: Dim>(
        &self,
        x: &Tensor<S, B>,
        memory: &Tensor<(S::Batch, K, E), B>,
        mask: &impl Mask<S::Batch, S::Length, K>,
        after: Epilogue<'_, B::Array>,
    ) -> Tensor<S, B>
    where
        E: Dense,
        H: Dense,
        D: Dense,
    {
        let q = self.query.forward(&sequence(x)).split_heads();
        let k = self.key.forward(memory).split_heads();
        let v = self.value.forward(memory).split_heads();
        project_merged(x, &attention(&q, &k, &v, mask), &self.output, after)
    }
}

/// The sequence by its dimensions, which the compiler does not know to be those of a triple.
pub(super) fn sequence<S: Sequence<E>, E: Dim, B: Backend>(x: &Tensor<S, B>) -> Tensor<(S::Batch, S::Length, E), B> {
    Tensor::from_parts(x.shape().dims(), x.array().clone())
}

/// The heads of a sequence.
pub(super) type Heads<S, E, H, D, B> = Tensor<(<S as Sequence<E>>::Batch, H, <S as Sequence<E>>::Length, D), B>;

/// The output of heads that were calculated of `x`, in the shape of that.
pub(super) fn project_merged<S: Sequence<E>, E: Dim, H: Dense, D: Dense, B: Backend<Elem: Float>>(
    x: &Tensor<S, B>,
    heads: &Heads<S, E, H, D, B>,
    output: &Linear<Times<H, D>, E, B>,
    after: Epilogue<'_, B::Array>,
) -> Tensor<S, B> {
    Tensor::from_parts(x.shape(), output.apply(heads.merge_heads().array(), after))
}

impl<E: Dim, H: Dim, D: Dim> MultiHeadAttention<E, H, D> {
    /// A new layer with random parameters.
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
