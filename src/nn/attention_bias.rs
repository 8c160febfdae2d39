//! Attention with a bias for each pair of query and key.

use super::attention::default_scale;
use crate::backend::{AttentionMask, Backend, Binary, Float, constant};
use crate::cpu::{Array, Cpu};
use crate::dim::Dim;
use crate::mask::{Allowed, Mask};
use crate::sealed::Sealed;
use crate::shape::{Attends, Shape};
use crate::tensor::Tensor;
use std::sync::Arc;

/// That weights `(B, H, Q, K)` take this for a bias: a tensor `(H, Q, K)`, `(B, H, Q, K)` or `(Q, K)`; or, as a mask for each
/// head, [`Allowed`] of `(H, Q, K)` or `(B, H, Q, K)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no bias for attention weights `{Weights}`",
    label = "expected a bias of heads, queries and keys, in this order",
    note = "weights are `(batch, heads, queries, keys)`: a bias is of all four, of the last three, or of queries and keys alone",
    note = "explained in `congruent::errors::C72`"
)]
pub trait PairBias<Weights, B: Backend> {
    #[doc(hidden)]
    fn pairs(&self) -> Pairs<'_, B::Array>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// What pairs of queries and keys add to their scores, or which of them count.
#[doc(hidden)]
#[derive(Debug)]
pub enum Pairs<'a, A> {
    Bias(&'a A),
    Allowed(&'a Array<bool>),
}

macro_rules! bias { ($(($($D:ident)*))*) => {$(
    #[diagnostic::do_not_recommend]
    impl<B: Dim, H: Dim, Q: Dim, K: Dim, Bk: Backend> PairBias<(B, H, Q, K), Bk> for Tensor<($($D,)*), Bk> {
        fn pairs(&self) -> Pairs<'_, Bk::Array> {
            Pairs::Bias(self.array())
        }
        fn sealed(_: Sealed) {}
    }
    #[diagnostic::do_not_recommend]
    impl<B: Dim, H: Dim, Q: Dim, K: Dim, Bk: Backend> PairBias<(B, H, Q, K), Bk> for Allowed<($($D,)*)> {
        fn pairs(&self) -> Pairs<'_, Bk::Array> {
            Pairs::Allowed(self.array())
        }
        fn sealed(_: Sealed) {}
    }
)*} }
bias! { (B H Q K) (H Q K) (Q K) }

/// `softmax(q · kᵀ / √D + bias) · v` on the pairs that the mask allows: as [`attention`](super::attention), with a bias for each
/// pair of query and key, `(H, Q, K)`, `(B, H, Q, K)` or `(Q, K)`.
///
/// Relative positions are such a bias: those of T5 by [`relative_ids`](crate::mask::relative_ids), ALiBi by
/// [`alibi`](crate::mask::alibi). A mask for each head, [`Allowed`] of `(H, Q, K)`, takes the place of a bias too. Padding is
/// the matter of the mask, as everywhere. The scores are held in memory, all at once.
///
/// ```
/// use congruent::nn::attention_with_bias;
/// use congruent::mask::alibi;
/// use congruent::prelude::*;
/// dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 8; }
/// let x = Tensor::ones((Batch, Heads, Ragged(Seq), HeadDim));
/// let lengths = Lengths::new(Batch, Ragged(Seq), &[5, 2])?;
/// let bias: Tensor<(Heads, Ragged<Seq>, Ragged<Seq>)> = alibi(Heads, Ragged(Seq), Ragged(Seq));
/// let y = attention_with_bias(&x, &x, &x, &bias, &Causal.and(lengths));
/// # Ok::<(), Error>(())
/// ```
///
/// The last head attends to what is near alone:
///
/// ```
/// use congruent::nn::attention_with_bias;
/// use congruent::prelude::*;
/// dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 8; }
/// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
/// let near = Cpu::<bool>::from_fn((Heads, Seq, Seq), |[h, q, k]| h < 2 || q.abs_diff(k) < 2);
/// let y = attention_with_bias(&x, &x, &x, &Allowed::new(near), &Full);
/// ```
pub fn attention_with_bias<Q, K, V, P, M, B, Weights, Output>(
    q: &Tensor<Q, B>,
    k: &Tensor<K, B>,
    v: &Tensor<V, B>,
    bias: &P,
    mask: &M,
) -> Tensor<Output, B>
where
    Q: Attends<K, V, Output = Output, Weights = Weights>,
    K: Shape,
    V: Shape,
    P: PairBias<Weights, B>,
    M: Mask<Q::Batch, Q::Queries, Q::Keys>,
    B: Backend<Elem: Float>,
{
    scaled_attention_with_bias(q, k, v, bias, mask, default_scale(q))
}

/// As [`attention_with_bias`], with `scale` in place of `1 / √D`: T5 has 1
/// ([Raffel et al. 2020](https://arxiv.org/abs/1910.10683)).
pub fn scaled_attention_with_bias<Q, K, V, P, M, B, Weights>(
    q: &Tensor<Q, B>,
    k: &Tensor<K, B>,
    v: &Tensor<V, B>,
    bias: &P,
    mask: &M,
    scale: f64,
) -> Tensor<Q::Output, B>
where
    Q: Attends<K, V, Weights = Weights>,
    K: Shape,
    V: Shape,
    P: PairBias<Weights, B>,
    M: Mask<Q::Batch, Q::Queries, Q::Keys>,
    B: Backend<Elem: Float>,
{
    let shape = q.shape().output(v.shape());
    Tensor::from_parts(shape, attend::<B>([q.array(), k.array(), v.array()], bias.pairs(), mask.describe(), scale))
}

fn attend<B: Backend<Elem: Float>>(
    [q, k, v]: [&B::Array; 3],
    pairs: Pairs<'_, B::Array>,
    mask: AttentionMask,
    scale: f64,
) -> B::Array {
    let of = |x: &B::Array| -> [usize; 4] { B::sizes(x).try_into().expect("queries, keys and values have four axes") };
    let ([batch, heads, queries, d], [_, key_heads, keys, _], [.., e]) = (of(q), of(k), of(v));
    let [k, v] = [k, v].map(|x| without_padding::<B>(x, &mask));
    // The query heads that share a key head stand side by side: they are more queries of that head.
    let shared = heads.checked_div(key_heads).unwrap_or(0) * queries;
    let scores = B::matmul(&B::reshape(q, &[batch, key_heads, shared, d]), &B::permute(&k, &[0, 1, 3, 2]));
    let sizes = [batch, heads, queries, keys];
    let scores = B::binary_scalar(Binary::Mul, B::reshape(&scores, &sizes), constant(scale));
    let weights = match pairs {
        Pairs::Bias(bias) => B::masked_softmax(B::binary(Binary::Add, scores, B::broadcast(bias, &sizes)), &mask),
        Pairs::Allowed(allowed) => {
            // A head with a mask of its own is a sequence of its own.
            let scores = B::reshape(&scores, &[batch * heads, 1, queries, keys]);
            B::masked_softmax(scores, &mask_of_each_head(mask, allowed, sizes))
        }
    };
    let values = B::matmul(&B::reshape(&weights, &[batch, key_heads, shared, keys]), &v);
    B::reshape(&values, &[batch, heads, queries, e])
}

/// Keys or values with zeros in their padding, which nobody attends to: no weight of zero meets a NaN there.
fn without_padding<B: Backend<Elem: Float>>(x: &B::Array, mask: &AttentionMask) -> B::Array {
    let Some(lengths) = &mask.lengths else { return x.clone() };
    let sizes = B::sizes(x);
    let live = lengths.iter().flat_map(|length| (0..sizes[2]).map(move |key| key < *length)).collect();
    let live = B::With::<bool>::from_elements(live, &[sizes[0], 1, sizes[2], 1]);
    let zeros = B::broadcast(&B::filled(num_traits::zero(), &[1; 4]), sizes);
    B::select(&B::With::<bool>::broadcast(&live, sizes), x, &zeros)
}

fn mask_of_each_head(mask: AttentionMask, allowed: &Array<bool>, sizes: [usize; 4]) -> AttentionMask {
    let [batch, heads, queries, keys] = sizes;
    let of_each = |numbers: &Arc<[usize]>| -> Arc<[usize]> {
        numbers.iter().flat_map(|number| std::iter::repeat_n(*number, heads)).collect()
    };
    let all = |allowed: &Array<bool>| Cpu::<bool>::broadcast(allowed, &sizes);
    let mut allowed = all(allowed);
    if let Some(others) = &mask.allowed {
        let others = match others.sizes() {
            [_, _] => all(others),
            _ => all(&Cpu::<bool>::reshape(others, &[batch, 1, queries, keys])),
        };
        allowed = Cpu::<bool>::select(&allowed, &others, &allowed);
    }
    AttentionMask {
        first_query: mask.first_query.as_ref().map(of_each),
        lengths: mask.lengths.as_ref().map(of_each),
        allowed: Some(Cpu::<bool>::reshape(&allowed, &[batch * heads, queries, keys])),
        ..mask
    }
}
