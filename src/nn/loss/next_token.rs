//! Losses of the next token.

use super::{expect_logits, of_ranks};
use crate::backend::{Backend, Float, Unary, With};
use crate::dim::{Compared, Dim, HasNext};
use crate::shape::{CutByTheLoss, Matrix, Rows};
use crate::tensor::{IdOf, Index, SameBackend, Tensor, TensorOf};

/// The cross-entropy of each token and the logits of the position before it, of a model that predicts the next token: logits
/// `(N, S, V)` and the tokens `(N, S)` that they were calculated of give a loss for each position but the last.
///
/// ```
/// use congruent::{dim::Next, nn::next_token_loss, prelude::*};
/// dims! { Batch = 1; Seq = 3; Vocab = 4; }
/// let tokens = Ids::new((Batch, Seq), Vocab, &[0, 1, 2])?;
/// // Of a model that knows what follows.
/// let logits = Tensor::from_fn((Batch, Seq, Vocab), |[_, s, v]| if v == s + 1 { 50.0 } else { 0.0 });
/// let losses: Tensor<(Batch, Next<Seq>)> = next_token_loss(&logits, &tokens);
/// assert_eq!(losses.to_vec(), [0.0, 0.0]);
/// let loss: Tensor<()> = losses.mean(Next(Seq)).mean(Batch);
/// # Ok::<(), Error>(())
/// ```
///
/// It shifts by itself. What it does is `cross_entropy(&logits.without_last(seq), &tokens.next(seq))`: see
/// [`without_last`](Tensor::without_last) and [`next`](Tensor::next). Labels that are not the tokens themselves are shifted by these, and
/// labels that were shifted before go to [`cross_entropy`](super::cross_entropy). Given logits and tokens that were cut, it does not
/// compile.
///
/// With padding, each sequence has as many losses as [`Lengths::next`](crate::Lengths::next) says:
///
/// ```
/// use congruent::nn::{mean_of_valid, next_token_loss};
/// use congruent::prelude::*;
/// dims! { Batch = 2; Seq = 3; Vocab = 4; }
/// let tokens = Ids::new((Batch, Ragged(Seq)), Vocab, &[0, 1, 2, 3, 0, 0])?;
/// let lengths = Lengths::new(Batch, Ragged(Seq), &[3, 1])?;
/// let logits = Tensor::zeros((Batch, Ragged(Seq), Vocab));
/// let loss: Tensor<()> = mean_of_valid(&next_token_loss(&logits, &tokens), &lengths.next());
/// assert!((loss.scalar() - 4f32.ln()).abs() < 1e-6);
/// # Ok::<(), Error>(())
/// ```
///
/// # Panics
/// As [`cross_entropy`](super::cross_entropy).
#[track_caller]
pub fn next_token_loss<L, R, N, S, V, B, I, C, X, OnceOrTwice>(
    logits: &Tensor<L, B>,
    tokens: &Tensor<R, C>,
) -> Tensor<(N, X), B>
where
    C: Backend<Elem = I> + SameBackend<With<B, I>>,
    I: IdOf<V>,
    L: Rows<R, V>,
    R: Matrix<Rows = N, Columns = S>,
    N: Dim,
    S: HasNext<Next = X> + CutByTheLoss<OnceOrTwice>,
    X: Dim,
    V: Compared,
    B: Backend<Elem: Float>,
{
    expect_logits::<B>("next_token_loss", logits.array());
    let tokens: TensorOf<_, Index<V>, B> = Tensor::from_parts(tokens.shape().dims(), tokens.array().clone());
    let next = tokens.next(crate::At::<1>);
    let predictions = B::narrow(logits.array(), 1, 0, next.sizes().as_ref()[1]);
    let losses = of_ranks::cross_entropy::<B>(&predictions, logits.shape().table_part(), next.array(), 0.0);
    Tensor::from_parts(next.shape(), losses)
}

/// The logarithm of the probability that a model gave each token of a text, by the logits of the position before it: of all but the first,
/// before which there is none. Logits `(N, S, V)` and tokens `(N, S)`.
///
/// ```
/// use congruent::{dim::Next, nn::next_token_log_probabilities, prelude::*};
/// dims! { Batch = 1; Seq = 3; Vocab = 4; }
/// let prompt = Ids::new((Batch, Seq), Vocab, &[0, 1, 2])?;
/// let logits = Tensor::zeros((Batch, Seq, Vocab));
/// let scores: Tensor<(Batch, Next<Seq>)> = next_token_log_probabilities(&logits, &prompt);
/// assert!(scores.to_vec().iter().all(|score| (score + 4f32.ln()).abs() < 1e-6));
/// # Ok::<(), Error>(())
/// ```
///
/// # Panics
/// As [`cross_entropy`](super::cross_entropy).
#[track_caller]
pub fn next_token_log_probabilities<L, R, N, S, V, B, I, C, X, OnceOrTwice>(
    logits: &Tensor<L, B>,
    tokens: &Tensor<R, C>,
) -> Tensor<(N, X), B>
where
    C: Backend<Elem = I> + SameBackend<With<B, I>>,
    I: IdOf<V>,
    L: Rows<R, V>,
    R: Matrix<Rows = N, Columns = S>,
    N: Dim,
    S: HasNext<Next = X> + CutByTheLoss<OnceOrTwice>,
    X: Dim,
    V: Compared,
    B: Backend<Elem: Float>,
{
    let losses = next_token_loss(logits, tokens);
    Tensor::from_parts(losses.shape(), B::unary(Unary::Neg, losses.into_array()))
}
