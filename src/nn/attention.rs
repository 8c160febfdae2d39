//! Scaled dot-product attention ([Vaswani et al. 2017](https://arxiv.org/abs/1706.03762)).

use super::KeysAndValues;
use crate::backend::{AttentionOptions, Backend, Float, MaskOf};
use crate::dim::{Dim, Summed, Whole};
use crate::mask::Mask;
use crate::shape::{Attends, Shape};
use crate::tensor::{SameBackend, Tensor};

/// `softmax(q · kᵀ / √D) · v` on the pairs that the mask allows: `q (B, H, Q, D)`, `k (B, H, K, D)`,
/// `v (B, H, K, V)` give `(B, H, Q, V)`.
///
/// Queries of `Times<H, Group>` heads share the keys and values of `H` heads. A query that may attend
/// to no key gives zeros.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 2; Heads = 3; Queries = 5; Keys = 7; HeadDim = 8; }
/// let q = Tensor::ones((Batch, Heads, Queries, HeadDim));
/// let k = Tensor::ones((Batch, Heads, Keys, HeadDim));
/// let y: Tensor<(Batch, Heads, Queries, HeadDim)> = attention(&q, &k, &k, &Full);
/// ```
#[doc(alias("scaled_dot_product_attention", "sdpa", "flash_attention"))]
pub fn attention<Q, K, V, M, B, Output>(
    q: &Tensor<Q, B>,
    k: &Tensor<K, impl SameBackend<B>>,
    v: &Tensor<V, impl SameBackend<B>>,
    mask: &M,
) -> Tensor<Output, B>
where
    Q: Attends<K, V, Output = Output>,
    K: Shape,
    V: Shape,
    Q::HeadDim: Whole + Summed,
    M: Mask<Q::Batch, Q::Queries, Q::Keys, B::Engine>,
    B: Backend<Elem: Float>,
{
    scaled_attention(q, k, v, mask, default_scale(q))
}

/// As [`attention`], with `scale` in place of `1 / √D`.
///
/// ```
/// # use congruent::prelude::*;
/// use congruent::nn::scaled_attention;
/// dims! { Batch = 1; Heads = 1; Queries = 1; Keys = 2; HeadDim = 1; }
/// let (q, k) = (Tensor::ones((Batch, Heads, Queries, HeadDim)), Tensor::ones((Batch, Heads, Keys, HeadDim)));
/// let v = Tensor::from_nested((Batch, Heads, Keys, HeadDim), [[[[1.0], [3.0]]]]);
/// assert_eq!(scaled_attention(&q, &k, &v, &Full, 1.0).to_vec(), [2.0]);
/// ```
pub fn scaled_attention<Q, K, V, M, B>(
    q: &Tensor<Q, B>,
    k: &Tensor<K, impl SameBackend<B>>,
    v: &Tensor<V, impl SameBackend<B>>,
    mask: &M,
    scale: f64,
) -> Tensor<Q::Output, B>
where
    Q: Attends<K, V>,
    K: Shape,
    V: Shape,
    Q::HeadDim: Whole + Summed,
    M: Mask<Q::Batch, Q::Queries, Q::Keys, B::Engine>,
    B: Backend<Elem: Float>,
{
    let array =
        B::attention(q.array(), k.array(), v.array(), &mask.describe(&q.device()), AttentionOptions::scaled(scale));
    Tensor::from_parts(q.shape().output(v.shape()), array)
}

/// The weights of [`attention`]: how much each query attends to each key, `(B, H, Q, K)`.
///
/// ```
/// use congruent::prelude::*;
/// use congruent::nn::attention_weights;
/// dims! { Batch = 1; Heads = 1; Seq = 2; HeadDim = 4; }
/// let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
/// let weights: Tensor<(Batch, Heads, Seq, Seq)> = attention_weights(&q, &q, &Causal);
/// assert_eq!(weights.to_vec(), [1.0, 0.0, 0.5, 0.5]);
/// ```
pub fn attention_weights<Q, K, M, B>(
    q: &Tensor<Q, B>,
    k: &Tensor<K, impl SameBackend<B>>,
    mask: &M,
) -> Tensor<Q::Weights, B>
where
    Q: Attends<K, K>,
    K: Shape,
    Q::HeadDim: Whole + Summed,
    Q::Keys: Whole,
    M: Mask<Q::Batch, Q::Queries, Q::Keys, B::Engine>,
    B: Backend<Elem: Float>,
{
    let shape = q.shape().weights(k.shape());
    let array = B::attention_weights(
        q.array(),
        k.array(),
        &mask.describe(&q.device()),
        AttentionOptions::scaled(default_scale(q)),
    );
    Tensor::from_parts(shape, array)
}

/// [`attention`] of a layer, whose heads its types say to fit: by a mask as the engine has it.
pub(super) fn attend<B: Dim, Q: Dim, H: Dim, L: Dim, K: Dim, D: Dim, Bk: Backend<Elem: Float>>(
    q: &Tensor<(B, Q, L, D), Bk>,
    (k, v): &KeysAndValues<B, H, D, K, Bk>,
    mask: &MaskOf<Bk>,
) -> Tensor<(B, Q, L, D), Bk> {
    let array = Bk::attention(q.array(), k.array(), v.array(), mask, AttentionOptions::scaled(default_scale(q)));
    Tensor::from_parts(q.shape(), array)
}

pub(super) fn default_scale<S: Shape, B: Backend>(q: &Tensor<S, B>) -> f64 {
    // Scores of no elements are zero, whatever they are multiplied by; not so by infinity.
    (q.sizes().as_ref()[S::RANK - 1].max(1) as f64).sqrt().recip()
}
