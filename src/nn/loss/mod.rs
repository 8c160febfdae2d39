//! Losses: how far predictions are from what was to be predicted.
//!
//! Each gives the losses of all positions. A mean makes one number of them: along an axis, over what is not padding, or over what is
//! chosen.

mod classes;
mod ctc;
mod distance;
mod focal;
mod next_token;
mod of_ranks;
mod preference;
mod similarity;
mod summed;

pub use classes::{binary_cross_entropy, cross_entropy, kl_divergence, smoothed_cross_entropy};
pub use ctc::{SpreadOver, ctc_loss};
pub use distance::{absolute_error, huber, squared_error};
pub use focal::{binary_focal_loss, dice_loss, focal_loss};
pub use next_token::{next_token_log_probabilities, next_token_loss};
pub use preference::{LogLikelihood, Preference, Triplet, log_likelihood};
pub use similarity::{cosine_similarity, info_nce, similarities};

pub use summed::{MeanOver, SumOver, sum_of_valid, sum_where};

use crate::backend::{ArrayOf, Backend, Float, With};
use crate::dim::{Dim, Ragged};
use crate::mask::{LengthsOf, PaddedPositions};
use crate::shape::{OfAllRanks, SameShape, Shape, Unpadded};
use crate::tensor::{SameBackend, Tensor};

/// A loss of logits would squash these once more, and train on in silence.
///
/// # Panics
/// They are known to be probabilities.
#[track_caller]
fn expect_logits<B: Backend>(loss: &str, logits: &ArrayOf<B>) {
    if let Some(function) = B::probabilities_by(logits) {
        panic!(
            "`{loss}` takes logits, and these are probabilities that `{function}` made: give it what `{function}` was given"
        );
    }
}

/// The mean over all valid positions of a batch together; zero if there is none. It is that of all ranks, where each has a part of
/// the batch or of its sequences: the sum of their losses over the sum of their numbers of positions. Over several batches together, the mean is
/// [`MeanOver`]: the mean of their means is another number.
///
/// ```
/// use congruent::{nn::mean_of_valid, prelude::*};
/// dims! { Batch = 2; Seq = 3; }
/// let losses = Tensor::from_vec((Batch, Ragged(Seq)), vec![1.0, 2.0, f32::NAN, 6.0, 9.0, 9.0]).unwrap().tracked();
/// let loss: Tensor<()> = mean_of_valid(&losses, &Lengths::new(Batch, Ragged(Seq), &[2, 1]).unwrap());
/// assert_eq!(loss.scalar(), 3.0);
/// let third = 1.0 / 3.0;
/// assert_eq!(loss.backward().of(&losses).to_vec(), [third, third, 0.0, third, 0.0, 0.0]);
/// ```
pub fn mean_of_valid<S, N, K, B>(losses: &Tensor<S, B>, lengths: &impl LengthsOf<N, Ragged<K>>) -> Tensor<(), B>
where
    S: PaddedPositions<Batch = N, Length = K>,
    N: Dim,
    K: Dim,
    B: Backend<Elem: Float>,
{
    sum_of_valid(losses, lengths).mean()
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
pub fn mean_where<S, R, B, C>(losses: &Tensor<S, B>, chosen: &Tensor<R, C>) -> Tensor<(), B>
where
    C: SameBackend<With<B, bool>>,
    S: OfAllRanks + Unpadded,
    R: Shape + SameShape<S>,
    B: Backend<Elem: Float>,
{
    sum_where(losses, chosen).mean()
}
