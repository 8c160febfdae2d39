//! Losses of vectors, by the angles between them.

use super::cross_entropy;
use crate::backend::{ArrayOf, Backend, Binary, Float, Reduce, Unary, constant};
use crate::dim::{Candidates, Dense, Dim, Summed, Whole};
use crate::shape::{Axis, Matrix, SameShape, Shape};
use crate::tensor::{Index, SameBackend, Tensor};

/// Vectors along an axis over their lengths; zeros stay as they are.
fn of_length_one<B: Backend<Elem: Float>>(x: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let sizes = B::sizes(x).to_vec();
    let squares = B::reduce(Reduce::Sum, &B::unary(Unary::Square, x.clone()), axis);
    // The lengths of PyTorch are at least 1e-8 too; half precision has no such number, nor its square.
    let least = [1e-16, 1e-7].map(constant::<B::Elem>).into_iter().find(|x| *x != num_traits::zero());
    let squares = B::binary_scalar(Binary::Max, squares, least.unwrap_or(num_traits::one()));
    let lengths = B::unary(Unary::Sqrt, squares);
    let mut one = sizes.clone();
    one[axis] = 1;
    B::binary(Binary::Div, x.clone(), B::broadcast(&B::reshape(&lengths, &one), &sizes))
}

/// The cosine of the angle between two vectors along an axis without padding: from -1 to 1; 0 where one of them is zero. As a
/// loss, `1 - x`.
///
/// ```
/// use congruent::{nn::cosine_similarity, prelude::*};
/// dims! { Batch = 2; Embed = 2; }
/// let x = Tensor::from_nested((Batch, Embed), [[3.0, 0.0], [1.0, 1.0]]);
/// let y = Tensor::from_nested((Batch, Embed), [[2.0, 0.0], [-2.0, -2.0]]);
/// let cosines: Tensor<(Batch,)> = cosine_similarity(&x, &y, Embed);
/// assert!(cosines.to_vec().iter().zip([1.0, -1.0]).all(|(x, y)| (x - y).abs() < 1e-6));
/// ```
#[doc(alias = "CosineEmbeddingLoss")]
pub fn cosine_similarity<S, R, D, Position, B>(
    x: &Tensor<S, B>,
    y: &Tensor<R, impl SameBackend<B>>,
    axis: D,
) -> Tensor<S::Removed, B>
where
    S: Axis<D, Position>,
    R: Shape + SameShape<S>,
    S::Dim: Whole + Summed,
    B: Backend<Elem: Float>,
{
    let _ = axis;
    let [one, other] = [x.array(), y.array()].map(|x| of_length_one::<B>(x, S::INDEX));
    let cosines = B::reduce(Reduce::Sum, &B::binary(Binary::Mul, one, other), S::INDEX);
    Tensor::from_parts(x.shape().removed(), cosines)
}

/// The cosine of the angle between each vector and each of the others, its [`Candidates`]: of `(N, E)` and `(N, E)`, `(N,
/// Candidates<N>)`.
///
/// ```
/// use congruent::dim::Candidates;
/// use congruent::nn::similarities;
/// use congruent::prelude::*;
/// dims! { Batch = 2; Embed = 2; }
/// let x = Tensor::from_nested((Batch, Embed), [[3.0, 0.0], [0.0, 2.0]]);
/// let y = Tensor::from_nested((Batch, Embed), [[1.0, 0.0], [-5.0, 0.0]]);
/// let cosines: Tensor<(Batch, Candidates<Batch>)> = similarities(&x, &y);
/// assert_eq!(cosines.to_vec(), [1.0, -1.0, 0.0, 0.0]);
/// let best: Tensor<(Batch,)> = cosines.max(Candidates(Batch));
/// ```
pub fn similarities<S, N, E, R, B>(
    x: &Tensor<S, B>,
    y: &Tensor<R, impl SameBackend<B>>,
) -> Tensor<(N, Candidates<N>), B>
where
    S: Matrix<Rows = N, Columns = E>,
    N: Dim,
    E: Whole + Summed,
    R: Shape + SameShape<S>,
    B: Backend<Elem: Float>,
{
    let (of, _) = x.shape().dims();
    let [x, y] = [x.array(), y.array()].map(|x| of_length_one::<B>(x, 1));
    Tensor::from_parts((of, Candidates(of)), B::matmul(&x, &B::permute(&y, &[1, 0])))
}

/// For pairs of vectors that belong together, the cross-entropy of finding the second of each among those of all pairs of the
/// batch, by the cosines of their angles over `temperature`
/// ([van den Oord et al. 2018](https://arxiv.org/abs/1807.03748)). With a temperature of 0.05, it is what is called multiple
/// negatives ranking.
///
/// ```
/// use congruent::{nn::info_nce, prelude::*};
/// dims! { Batch = 3; Embed = 4; }
/// let questions = Tensor::uniform((Batch, Embed), -1.0..1.0, &mut Rng::with_seed(1)).tracked();
/// let answers = Tensor::uniform((Batch, Embed), -1.0..1.0, &mut Rng::with_seed(2));
/// let loss: Tensor<()> = info_nce(&questions, &answers, 0.05).mean(Batch);
/// assert!(info_nce(&answers, &answers, 0.05).mean(Batch).scalar() < loss.scalar());
/// ```
#[doc(alias("contrastive", "clip_loss", "MultipleNegativesRankingLoss"))]
pub fn info_nce<S, N, E, R, B>(
    x: &Tensor<S, B>,
    y: &Tensor<R, impl SameBackend<B>>,
    temperature: f64,
) -> Tensor<(N,), B>
where
    S: Matrix<Rows = N, Columns = E>,
    N: Dense,
    E: Whole + Summed,
    R: Shape + SameShape<S>,
    B: Backend<Elem: Float>,
{
    let (pairs, _) = x.shape().dims();
    let logits = B::binary_scalar(Binary::Mul, similarities(x, y).into_array(), constant(temperature.recip()));
    let own = Index::tensor_of_positions::<_, B>((pairs,), 0..pairs.size() as u32, &x.device());
    cross_entropy(&Tensor::from_parts((pairs, Candidates(pairs)), logits), &own)
}
