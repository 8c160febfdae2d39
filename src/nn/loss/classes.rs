//! Losses of probabilities.

use super::{expect_logits, of_ranks};
use crate::backend::{Backend, Binary, Float, Reduce, Unary, With, constant};
use crate::dim::{Compared, Whole};
use crate::shape::{Axis, Rows, SameShape, Shape};
use crate::tensor::{AsTensor, IdOf, LogProbabilitiesAlong, SameBackend, Tensor};
use num_traits::Bounded;

/// The cross-entropy of each target and its logits, `-ln(softmax(logits)[target])`: logits `(.., V)` and targets of the
/// table `V` give a loss for each target. One operation, which keeps nothing but the logits.
///
/// ```
/// use congruent::{nn::cross_entropy, prelude::*};
/// dims! { Batch = 2; Vocab = 4; }
/// let logits = Tensor::zeros((Batch, Vocab)).tracked();
/// let targets = Ids::new((Batch,), Vocab, &[3, 0]).unwrap();
/// let loss: Tensor<()> = cross_entropy(&logits, &targets).mean(Batch);
/// assert!((loss.scalar() - 4f32.ln()).abs() < 1e-6);
/// assert_eq!(loss.backward().of(&logits).to_vec(), [0.125, 0.125, 0.125, -0.375, -0.375, 0.125, 0.125, 0.125]);
/// ```
///
/// Where each rank of a mesh has the logits of a part of the vocabulary, `(.., Shard<V, M>)`, the targets are of the whole one, and each
/// rank gets the losses. The ranks tell each other three numbers for each target, in two messages: the largest logit; and the sum of
/// exponentials with the logit of the target. The backward pass needs none
/// ([Shoeybi et al. 2019](https://arxiv.org/abs/1909.08053)). So do the losses that are made of this one.
///
/// ```
/// use congruent::dim::Shard;
/// use congruent::mesh::{Mesh, OnMesh, in_threads};
/// use congruent::{nn::cross_entropy, prelude::*};
/// dims! { Model = 2; Batch = 2; Vocab = 4; }
/// in_threads(2, |world| {
///     let mesh = Mesh::new(world, (Model,)).unwrap();
///     let (vocab, on_mesh) = (mesh.shard(Vocab, Model), mesh.device());
///     let logits: Tensor<(Batch, Shard<Vocab, Model>), _> =
///         Tensor::zeros((Batch, vocab)).to_engine::<OnMesh<Cpu<f32>>>(&on_mesh);
///     let targets = Ids::new((Batch,), Vocab, &[3, 0]).unwrap().to_engine::<OnMesh<Cpu<f32>>>(&on_mesh);
///     let loss = cross_entropy(&logits, &targets).mean(Batch);
///     assert!((loss.scalar() - 4f32.ln()).abs() < 1e-6);
/// });
/// ```
///
/// The mean along a padded axis does not compile: that over the valid targets is [`mean_of_valid`](super::mean_of_valid).
///
/// ```compile_fail,E0277
/// use congruent::{nn::cross_entropy, prelude::*};
/// dims! { Batch = 2; Seq = 3; Vocab = 4; }
/// let logits = Tensor::zeros((Batch, Ragged(Seq), Vocab));
/// let targets = Ids::new((Batch, Ragged(Seq)), Vocab, &[0; 6]).unwrap();
/// cross_entropy(&logits, &targets).mean(Ragged(Seq));
/// ```
///
/// # Panics
/// The logits are what [`softmax`](Tensor::softmax) or [`sigmoid`](Tensor::sigmoid) gave. The loss has a softmax of its own, and of
/// probabilities it would never come near zero.
#[track_caller]
pub fn cross_entropy<S, R, V, B, I, C>(logits: &Tensor<S, B>, targets: &Tensor<R, C>) -> Tensor<R, B>
where
    C: Backend<Elem = I> + SameBackend<With<B, I>>,
    I: IdOf<V>,
    S: Rows<R, V>,
    R: Shape,
    V: Compared,
    B: Backend<Elem: Float>,
{
    smoothed_cross_entropy(logits, targets, 0.0)
}

/// As [`cross_entropy`], to a target that is the given one but for a share of `smoothing`, which all have equally
/// ([Szegedy et al. 2016](https://arxiv.org/abs/1512.00567)).
///
/// ```
/// # use congruent::prelude::*;
/// use congruent::nn::smoothed_cross_entropy;
/// dims! { Batch = 1; Vocab = 2; }
/// let logits = Tensor::from_nested((Batch, Vocab), [[5.0, 0.0]]);
/// let targets = Ids::new((Batch,), Vocab, &[0])?;
/// // 0.95 · 0.0067 + 0.05 · 5.0067: of the other token, a twentieth is wanted.
/// assert_eq!(format!("{:.4?}", smoothed_cross_entropy(&logits, &targets, 0.1).to_vec()), "[0.2567]");
/// # Ok::<(), Error>(())
/// ```
///
/// # Panics
/// As [`cross_entropy`].
#[track_caller]
pub fn smoothed_cross_entropy<S, R, V, B, I, C>(
    logits: &Tensor<S, B>,
    targets: &Tensor<R, C>,
    smoothing: f64,
) -> Tensor<R, B>
where
    C: Backend<Elem = I> + SameBackend<With<B, I>>,
    I: IdOf<V>,
    S: Rows<R, V>,
    R: Shape,
    V: Compared,
    B: Backend<Elem: Float>,
{
    expect_logits::<B>("cross_entropy", logits.array());
    let losses = of_ranks::cross_entropy::<B>(logits.array(), logits.shape().table_part(), targets.array(), smoothing);
    Tensor::from_parts(targets.shape(), losses)
}

/// The binary cross-entropy of each logit and the probability that was to be predicted:
/// `-t · ln(sigmoid(x)) - (1 - t) · ln(1 - sigmoid(x))`, with its digits where the sigmoid is next to 0 or 1.
///
/// ```
/// use congruent::{nn::binary_cross_entropy, prelude::*};
/// dims! { Batch = 2; Labels = 2; }
/// let logits = Tensor::from_nested((Batch, Labels), [[0.0, 50.0], [-50.0, 0.0]]).tracked();
/// let targets = Tensor::from_nested((Batch, Labels), [[1.0, 1.0], [1.0, 0.0]]);
/// let losses: Tensor<(Batch, Labels)> = binary_cross_entropy(&logits, &targets);
/// let expected = [2f32.ln(), 2e-22, 50.0, 2f32.ln()];
/// assert!(losses.to_vec().iter().zip(expected).all(|(loss, expected)| (loss - expected).abs() < 1e-5));
/// let gradients = losses.sum(Labels).sum(Batch).backward();
/// assert_eq!(gradients.of(&logits).at(Batch, 0).unwrap().to_vec()[0], -0.5);
/// ```
///
/// # Panics
/// The logits are what [`sigmoid`](Tensor::sigmoid) or [`softmax`](Tensor::softmax) gave: the loss has a sigmoid of its own.
#[track_caller]
pub fn binary_cross_entropy<S, R, B>(logits: &Tensor<S, B>, targets: &Tensor<R, impl SameBackend<B>>) -> Tensor<S, B>
where
    S: Shape,
    R: Shape + SameShape<S>,
    B: Backend<Elem: Float>,
{
    // Each of the two softplus is next to zero where its target is near, and nothing is subtracted from it.
    expect_logits::<B>("binary_cross_entropy", logits.array());
    let (x, t) = (logits.array(), targets.array());
    let other = B::unary(Unary::Softplus, B::unary(Unary::Neg, x.clone()));
    let one = B::unary(Unary::Softplus, x.clone());
    let rest = B::scalar_binary(Binary::Sub, constant(1.0), t.clone());
    let losses = B::binary(Binary::Add, B::binary(Binary::Mul, t.clone(), other), B::binary(Binary::Mul, rest, one));
    Tensor::from_parts(logits.shape(), losses)
}

/// The Kullback-Leibler divergence of predicted probabilities from those that were to be predicted, `Σ p · (ln p - ln q)`
/// along an axis without padding ([Kullback and Leibler 1951](https://doi.org/10.1214/aoms/1177729694)). Both are given by
/// their logarithms, `ln q` first: what [`log_softmax`](Tensor::log_softmax) gives, or
/// [`LogProbabilities::from_logarithms`](crate::LogProbabilities::from_logarithms).
///
/// Where `p` is zero, so is its term, whatever `q` is. Where `q` alone is zero, the divergence is infinite, and the result
/// a number too large for anything else.
///
/// ```
/// use congruent::{LogProbabilities, nn::kl_divergence, prelude::*};
/// dims! { Batch = 1; Vocab = 2; }
/// let predicted = Tensor::from_nested((Batch, Vocab), [[7.0, 7.0]]).log_softmax(Vocab);
/// let targets = Tensor::from_nested((Batch, Vocab), [[1.0, 0.0]]).ln();
/// let targets = LogProbabilities::from_logarithms(targets, Vocab);
/// let losses: Tensor<(Batch,)> = kl_divergence(&predicted, &targets, Vocab);
/// assert!((losses.to_vec()[0] - 2f32.ln()).abs() < 1e-6);
/// ```
pub fn kl_divergence<S, D, Position, B, C, Q, P>(predicted: &Q, targets: &P, axis: D) -> Tensor<S::Removed, B>
where
    Q: AsTensor<Shape = S, Backend = B> + LogProbabilitiesAlong<S::Dim, P, On = C>,
    C: SameBackend<B>,
    S: Axis<D, Position>,
    S::Dim: Whole + Compared,
    B: Backend<Elem: Float>,
{
    let _ = axis;
    let (predicted, targets) = (predicted.as_tensor(), Q::targets(targets));
    // Of -∞, the lowest number whose distance from another is still one: zero times that is zero.
    let lowest = B::Elem::min_value() * constant(0.25);
    let [q, p] = [predicted.array(), targets.array()].map(|x| B::binary_scalar(Binary::Max, x.clone(), lowest));
    let distance = B::binary(Binary::Sub, p.clone(), q);
    let terms = B::binary(Binary::Mul, B::unary(Unary::Exp, p), distance);
    Tensor::from_parts(predicted.shape().removed(), B::reduce(Reduce::Sum, &terms, S::INDEX))
}
