//! Losses of probabilities where most of what is predicted is easy, or nothing.

use super::{binary_cross_entropy, cross_entropy, expect_logits};
use crate::backend::{ArrayOf, Backend, Binary, Float, Reduce, Unary, With, constant};
use crate::dim::{Compared, Summed, Whole};
use crate::shape::{Axis, Rows, SameShape, Shape};
use crate::tensor::{IdOf, SameBackend, Tensor};

/// The losses `l = -ln(p)` times `(1 - p)^gamma`.
fn focused<B: Backend<Elem: Float>>(losses: ArrayOf<B>, gamma: f64) -> ArrayOf<B> {
    if gamma == 0.0 {
        return losses;
    }
    // 1 - p, with its digits where p is next to 1. A power of zero may have an infinite slope.
    let missing = B::unary(Unary::Neg, B::unary(Unary::Expm1, B::unary(Unary::Neg, losses.clone())));
    let missing = B::binary_scalar(Binary::Max, missing, constant(1e-7));
    B::binary(Binary::Mul, B::binary_scalar(Binary::Pow, missing, constant(gamma)), losses)
}

/// The focal loss of each target and its logits ([Lin et al. 2017](https://arxiv.org/abs/1708.02002)): the
/// [cross-entropy](cross_entropy) times `(1 - p)^gamma`, where `p` is the probability of the target, so that what is predicted well
/// weighs little. The paper has a `gamma` of 2; with 0 it is the cross-entropy.
///
/// Weights of classes are a factor: `focal_loss(&logits, &targets, 2.0) * weights.lookup(&targets)`.
///
/// ```
/// use congruent::{nn::focal_loss, prelude::*};
/// dims! { Batch = 2; Classes = 2; }
/// let logits = Tensor::zeros((Batch, Classes));
/// let targets = Ids::new((Batch,), Classes, &[1, 0])?;
/// let losses: Tensor<(Batch,)> = focal_loss(&logits, &targets, 2.0);
/// assert!(losses.to_vec().iter().all(|loss| (loss - 0.25 * 2f32.ln()).abs() < 1e-6));
/// # Ok::<(), Error>(())
/// ```
///
/// # Panics
/// As [`cross_entropy`].
#[track_caller]
pub fn focal_loss<S, R, V, B, I, C>(logits: &Tensor<S, B>, targets: &Tensor<R, C>, gamma: f64) -> Tensor<R, B>
where
    C: Backend<Elem = I> + SameBackend<With<B, I>>,
    I: IdOf<V>,
    S: Rows<R, V>,
    R: Shape,
    V: Compared,
    B: Backend<Elem: Float>,
{
    let losses = cross_entropy(logits, targets);
    Tensor::from_parts(losses.shape(), focused::<B>(losses.into_array(), gamma))
}

/// The focal loss of each logit and the answer, 0 or 1, that was to be predicted, as detectors have it
/// ([Lin et al. 2017](https://arxiv.org/abs/1708.02002)): the [binary cross-entropy](binary_cross_entropy) times `(1 - p)^gamma`, where
/// `p` is the probability of the answer.
///
/// The weight `alpha` of the paper is a factor, `0.25 * &targets + 0.75 * (1.0 - &targets)`.
///
/// ```
/// use congruent::{nn::binary_focal_loss, prelude::*};
/// dims! { Labels = 2; }
/// let targets = Tensor::from_nested((Labels,), [1.0, 0.0]);
/// let losses = binary_focal_loss(&Tensor::zeros((Labels,)), &targets, 2.0);
/// assert!(losses.to_vec().iter().all(|loss| (loss - 0.25 * 2f32.ln()).abs() < 1e-6));
/// ```
///
/// # Panics
/// As [`binary_cross_entropy`].
#[track_caller]
#[doc(alias = "sigmoid_focal_loss")]
pub fn binary_focal_loss<S, R, B>(
    logits: &Tensor<S, B>,
    targets: &Tensor<R, impl SameBackend<B>>,
    gamma: f64,
) -> Tensor<S, B>
where
    S: Shape,
    R: Shape + SameShape<S>,
    B: Backend<Elem: Float>,
{
    let losses = binary_cross_entropy(logits, targets);
    Tensor::from_parts(losses.shape(), focused::<B>(losses.into_array(), gamma))
}

/// How far the region of logits along an axis is from the one that was to be predicted
/// ([Milletari et al. 2016](https://arxiv.org/abs/1606.04797), whose squares are mostly left out):
/// `1 - (2 Σ p t + smooth) / (Σ p + Σ t + smooth)` with `p = sigmoid(logits)`. A small object counts as much as a large one.
///
/// The axis is that of all pixels: two axes become one by [`rearrange!`](crate::rearrange). With `smooth`, mostly 1, an empty region
/// has a loss.
///
/// ```
/// use congruent::{nn::dice_loss, prelude::*};
/// dims! { Batch = 2; Rows = 1; Columns = 2; }
/// let logits = Tensor::from_nested((Batch, Rows, Columns), [[[90.0, -90.0]], [[90.0, 90.0]]]);
/// let targets = Tensor::from_nested((Batch, Rows, Columns), [[[1.0, 0.0]], [[1.0, 0.0]]]);
/// let [logits, targets] = [logits, targets].map(|x| rearrange!(x, "b r c -> b (r c)"));
/// let losses: Tensor<(Batch,)> = dice_loss(&logits, &targets, congruent::Times(Rows, Columns), 0.0);
/// assert!(losses.to_vec().iter().zip([0.0, 1.0 / 3.0]).all(|(x, y)| (x - y).abs() < 1e-6));
/// ```
///
/// # Panics
/// The logits are what [`sigmoid`](Tensor::sigmoid) or [`softmax`](Tensor::softmax) gave: the loss has a sigmoid of its own.
#[track_caller]
pub fn dice_loss<S, R, D, Position, B>(
    logits: &Tensor<S, B>,
    targets: &Tensor<R, impl SameBackend<B>>,
    axis: D,
    smooth: f64,
) -> Tensor<S::Removed, B>
where
    S: Axis<D, Position>,
    R: Shape + SameShape<S>,
    S::Dim: Whole + Summed,
    B: Backend<Elem: Float>,
{
    let _ = axis;
    expect_logits::<B>("dice_loss", logits.array());
    let sum = |x: &ArrayOf<B>| B::reduce(Reduce::Sum, x, S::INDEX);
    let plus = |x, y: f64| B::binary_scalar(Binary::Add, x, constant(y));
    let (p, t) = (B::unary(Unary::Sigmoid, logits.array().clone()), targets.array());
    let common = sum(&B::binary(Binary::Mul, p.clone(), t.clone()));
    let both = B::binary(Binary::Add, sum(&p), sum(t));
    let share =
        B::binary(Binary::Div, plus(B::binary_scalar(Binary::Mul, common, constant(2.0)), smooth), plus(both, smooth));
    Tensor::from_parts(logits.shape().removed(), B::scalar_binary(Binary::Sub, constant(1.0), share))
}
