//! Losses: how far predictions are from what was to be predicted.

use crate::backend::{Backend, Binary, Float, Number, Reduce, Value};
use crate::dim::{Dense, Dim, Ragged};
use crate::mask::Lengths;
use crate::shape::{Rows, Shape};
use crate::tensor::{Index, Tensor, TensorOf};

/// The cross-entropy of each target and its logits, `-ln(softmax(logits)[target])`: logits `(.., V)` and targets of the
/// table `V` give a loss for each target.
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
/// The mean along a padded axis does not compile: that over the live targets is [`mean_of_live`].
///
/// ```compile_fail,E0277
/// use congruent::{nn::cross_entropy, prelude::*};
/// dims! { Batch = 2; Seq = 3; Vocab = 4; }
/// let logits = Tensor::zeros((Batch, Ragged(Seq), Vocab));
/// let targets = Ids::new((Batch, Ragged(Seq)), Vocab, &[0; 6]).unwrap();
/// cross_entropy(&logits, &targets).mean(Ragged(Seq));
/// ```
pub fn cross_entropy<S, R, V, B>(logits: &Tensor<S, B>, targets: &TensorOf<R, Index<V>, B>) -> Tensor<R, B>
where
    S: Rows<R, V>,
    R: Shape,
    V: Dim + Dense,
    B: Backend<Elem: Float>,
{
    smoothed_cross_entropy(logits, targets, 0.0)
}

/// As [`cross_entropy`], to a target that is the given one but for a share of `smoothing`, which all have equally
/// ([Szegedy et al. 2016](https://arxiv.org/abs/1512.00567)).
pub fn smoothed_cross_entropy<S, R, V, B>(
    logits: &Tensor<S, B>,
    targets: &TensorOf<R, Index<V>, B>,
    smoothing: f64,
) -> Tensor<R, B>
where
    S: Rows<R, V>,
    R: Shape,
    V: Dim + Dense,
    B: Backend<Elem: Float>,
{
    let logarithms = Tensor::from_parts(logits.shape(), B::log_softmax(logits.array().clone(), R::RANK));
    let of_target = logarithms.gather(targets);
    if smoothing == 0.0 {
        return -of_target;
    }
    let of_all = B::reduce(Reduce::Mean, logarithms.array(), R::RANK);
    let share = |x, share: f64| B::binary_scalar(Binary::Mul, x, B::Elem::from_value(Value::Float(-share)));
    let of_target = share(of_target.into_array(), 1.0 - smoothing);
    Tensor::from_parts(targets.shape(), B::binary(Binary::Add, of_target, share(of_all, smoothing)))
}

/// The mean over all live positions of a batch together; zero if there is none.
///
/// ```
/// use congruent::{nn::mean_of_live, prelude::*};
/// dims! { Batch = 2; Seq = 3; }
/// let losses = Tensor::from_vec((Batch, Ragged(Seq)), vec![1.0, 2.0, f32::NAN, 6.0, 9.0, 9.0]).unwrap().tracked();
/// let loss: Tensor<()> = mean_of_live(&losses, &Lengths::new(Batch, Ragged(Seq), &[2, 1]).unwrap());
/// assert_eq!(loss.scalar(), 3.0);
/// let third = 1.0 / 3.0;
/// assert_eq!(loss.backward().of(&losses).to_vec(), [third, third, 0.0, third, 0.0, 0.0]);
/// ```
pub fn mean_of_live<S, K, B>(losses: &Tensor<(S, Ragged<K>), B>, lengths: &Lengths<S, Ragged<K>>) -> Tensor<(), B>
where
    S: Dim,
    K: Dim,
    B: Backend<Elem: Float>,
{
    let live = losses.fill_padding(lengths, num_traits::zero());
    let sum = B::reduce(Reduce::Sum, &B::reduce(Reduce::Sum, live.array(), 1), 0);
    let share = B::Elem::from_value(Value::Float((lengths.total().max(1) as f64).recip()));
    Tensor::from_parts((), B::binary_scalar(Binary::Mul, sum, share))
}
