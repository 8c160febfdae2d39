//! Losses: how far predictions are from what was to be predicted.
//!
//! Each gives the losses of all positions. A mean makes one number of them: along an axis, over what is not padding, or over what is
//! chosen.

mod classes;
mod distance;
mod similarity;

pub use classes::{binary_cross_entropy, cross_entropy, kl_divergence, smoothed_cross_entropy};
pub use distance::{absolute_error, huber, squared_error};
pub use similarity::{cosine_similarity, info_nce, similarities};

use crate::backend::{Backend, Binary, Float, Reduce, constant};
use crate::dim::{Dim, Ragged};
use crate::mask::Lengths;
use crate::shape::Unpadded;
use crate::tensor::{Tensor, TensorOf, mean_of_chosen};

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
    let share = constant((lengths.total().max(1) as f64).recip());
    Tensor::from_parts((), B::binary_scalar(Binary::Mul, sum, share))
}

/// The mean over the positions that are chosen; zero if there is none. What is not chosen has no part in the loss, whatever it
/// is: targets that are not known, or the words of a question.
///
/// ```
/// use congruent::{nn::mean_where, prelude::*};
/// dims! { Batch = 2; Seq = 2; }
/// let losses = Tensor::from_nested((Batch, Seq), [[1.0, f32::NAN], [2.0, 6.0]]).tracked();
/// let chosen = Cpu::from_vec((Batch, Seq), vec![true, false, false, true])?;
/// let loss: Tensor<()> = mean_where(&losses, &chosen);
/// assert_eq!(loss.scalar(), 3.5);
/// assert_eq!(loss.backward().of(&losses).to_vec(), [0.5, 0.0, 0.0, 0.5]);
/// # Ok::<(), Error>(())
/// ```
pub fn mean_where<S, B>(losses: &Tensor<S, B>, chosen: &TensorOf<S, bool, B>) -> Tensor<(), B>
where
    S: Unpadded,
    B: Backend<Elem: Float>,
{
    Tensor::from_parts((), mean_of_chosen::<B>(losses.array(), chosen.to_vec()))
}
