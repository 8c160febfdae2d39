//! Attention with a bias for each pair of query and key.

use super::attention::default_scale;
use crate::backend::composed::biased_attention;
use crate::backend::{ArrayOf, AttentionMask, Backend, Binary, Engine, Float, MaskOf, PerSequence, With};
use crate::dim::Dim;
use crate::mask::{Allowed, Mask};
use crate::sealed::Sealed;
use crate::shape::{Attends, Shape};
use crate::tensor::{SameBackend, Tensor};

/// That weights `(B, H, Q, K)` take this for a bias: a tensor `(H, Q, K)`, `(B, H, Q, K)` or `(Q, K)`; or, as a mask for each
/// head, [`Allowed`] of `(H, Q, K)` or `(B, H, Q, K)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no bias for attention weights `{Weights}`",
    label = "expected a bias of heads, queries and keys, in this order",
    note = "weights are `(batch, heads, queries, keys)`: a bias is of all four, of the last three, or of queries and keys alone",
    note = "explained in `congruent::errors::C72`"
)]
pub trait PairBias<Weights> {
    /// The bias: whether a backend takes it is asked of what is one alone.
    #[doc(hidden)]
    type Itself;
    #[doc(hidden)]
    fn itself(&self) -> &Self::Itself;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// That a bias, whatever its dimensions, is on this backend.
pub trait PairsOn<B: Backend> {
    #[doc(hidden)]
    fn pairs(&self) -> Pairs<'_, ArrayOf<B>, ArrayOf<B, bool>>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
impl<S: Shape, B: Backend, C: SameBackend<B>> PairsOn<B> for Tensor<S, C> {
    fn pairs(&self) -> Pairs<'_, ArrayOf<B>, ArrayOf<B, bool>> {
        Pairs::Bias(self.array())
    }
    fn sealed(_: Sealed) {}
}
impl<S: Shape, B: Backend, E: Engine> PairsOn<B> for Allowed<S, E>
where
    E::Backend<bool>: SameBackend<With<B, bool>>,
{
    fn pairs(&self) -> Pairs<'_, ArrayOf<B>, ArrayOf<B, bool>> {
        Pairs::Allowed(self.tensor().array())
    }
    fn sealed(_: Sealed) {}
}

/// What pairs of queries and keys add to their scores, or which of them count.
#[doc(hidden)]
#[derive(Debug)]
pub enum Pairs<'a, A, M> {
    Bias(&'a A),
    Allowed(&'a M),
}

macro_rules! bias { ($(($($D:ident)*))*) => {$(
    bias! { @of [Bk: Backend] (Tensor<($($D,)*), Bk>) }
    bias! { @of [En: Engine] (Allowed<($($D,)*), En>) }
)*};
(@of [$($On:tt)*] ($Bias:ty)) => {
    #[diagnostic::do_not_recommend]
    impl<B: Dim, H: Dim, Q: Dim, K: Dim, $($On)*> PairBias<(B, H, Q, K)> for $Bias {
        type Itself = Self;
        fn itself(&self) -> &Self {
            self
        }
        fn sealed(_: Sealed) {}
    }
} }
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
    k: &Tensor<K, impl SameBackend<B>>,
    v: &Tensor<V, impl SameBackend<B>>,
    bias: &P,
    mask: &M,
) -> Tensor<Output, B>
where
    Q: Attends<K, V, Output = Output, Weights = Weights>,
    K: Shape,
    V: Shape,
    P: PairBias<Weights, Itself: PairsOn<B>>,
    M: Mask<Q::Batch, Q::Queries, Q::Keys, B::Engine>,
    B: Backend<Elem: Float>,
{
    scaled_attention_with_bias(q, k, v, bias, mask, default_scale(q))
}

/// As [`attention_with_bias`], with `scale` in place of `1 / √D`: T5 has 1
/// ([Raffel et al. 2020](https://arxiv.org/abs/1910.10683)).
pub fn scaled_attention_with_bias<Q, K, V, P, M, B, Weights>(
    q: &Tensor<Q, B>,
    k: &Tensor<K, impl SameBackend<B>>,
    v: &Tensor<V, impl SameBackend<B>>,
    bias: &P,
    mask: &M,
    scale: f64,
) -> Tensor<Q::Output, B>
where
    Q: Attends<K, V, Weights = Weights>,
    K: Shape,
    V: Shape,
    P: PairBias<Weights, Itself: PairsOn<B>>,
    M: Mask<Q::Batch, Q::Queries, Q::Keys, B::Engine>,
    B: Backend<Elem: Float>,
{
    let (shape, mask) = (q.shape().output(v.shape()), mask.describe(&q.device()));
    Tensor::from_parts(shape, attend::<B>([q.array(), k.array(), v.array()], bias.itself().pairs(), mask, scale))
}

fn attend<B: Backend<Elem: Float>>(
    inputs: [&ArrayOf<B>; 3],
    pairs: Pairs<'_, ArrayOf<B>, ArrayOf<B, bool>>,
    mask: MaskOf<B>,
    scale: f64,
) -> ArrayOf<B> {
    biased_attention::<B>(inputs, mask, scale, |scores, mask| match pairs {
        Pairs::Bias(bias) => {
            let bias = B::broadcast(bias, B::sizes(&scores));
            B::masked_softmax(B::binary(Binary::Add, scores, bias), &mask)
        }
        Pairs::Allowed(allowed) => {
            let sizes: [usize; 4] = B::sizes(&scores).try_into().expect("scores have four axes");
            let [batch, heads, queries, keys] = sizes;
            // A head with a mask of its own is a sequence of its own.
            let scores = B::reshape(&scores, &[batch * heads, 1, queries, keys]);
            B::masked_softmax(scores, &mask_of_each_head::<B>(mask, allowed, sizes))
        }
    })
}

/// The mask in which every head of every sequence is a sequence, and may attend to these pairs alone.
fn mask_of_each_head<B: Backend>(mask: MaskOf<B>, allowed: &ArrayOf<B, bool>, sizes: [usize; 4]) -> MaskOf<B> {
    let [batch, heads, queries, keys] = sizes;
    let of_each = |numbers: &PerSequence| -> PerSequence {
        numbers.iter().flat_map(|number| std::iter::repeat_n(*number, heads)).collect()
    };
    let all = |allowed: &ArrayOf<B, bool>| With::<B, bool>::broadcast(allowed, &sizes);
    let mut allowed = all(allowed);
    if let Some(others) = &mask.allowed {
        let others = match With::<B, bool>::sizes(others) {
            [_, _] => all(others),
            _ => all(&With::<B, bool>::reshape(others, &[batch, 1, queries, keys])),
        };
        allowed = With::<B, bool>::select(&allowed, &others, &allowed);
    }
    AttentionMask {
        first_query: mask.first_query.as_ref().map(of_each),
        lengths: mask.lengths.as_ref().map(of_each),
        allowed: Some(With::<B, bool>::reshape(&allowed, &[batch * heads, queries, keys])),
        ..mask
    }
}
