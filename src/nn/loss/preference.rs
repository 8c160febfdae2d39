//! Losses of what is to be preferred to something else.

use super::next_token_log_probabilities;
use crate::backend::{ArrayOf, Backend, Binary, Float, Reduce, Unary, With, composed, constant};
use crate::cpu::Cpu;
use crate::dim::{Compared, Dim, HasNext, Summed, Whole};
use crate::shape::{Axis, CutByTheLoss, Matrix, Rows, SameShape, Shape};
use crate::tensor::{IdOf, SameBackend, Tensor};

fn difference<B: Backend<Elem: Float>>(x: &ArrayOf<B>, y: &ArrayOf<B>) -> ArrayOf<B> {
    B::binary(Binary::Sub, x.clone(), y.clone())
}

/// Vectors of which one should be near another and far from a third. Each has its name, since the three are of one type.
#[derive(Debug)]
pub struct Triplet<'a, S: Shape, B: Backend = Cpu<f32>> {
    /// The vectors from which is measured.
    pub anchor: &'a Tensor<S, B>,
    /// Those that should be near.
    pub positive: &'a Tensor<S, B>,
    /// Those that should be far.
    pub negative: &'a Tensor<S, B>,
}

impl<S: Shape, B: Backend<Elem: Float>> Triplet<'_, S, B> {
    /// By how much the distance of the positive is not less than that of the negative minus `margin`:
    /// `max(|a - p| - |a - n| + margin, 0)`, of vectors along an axis without padding
    /// ([Balntas et al. 2016](https://doi.org/10.5244/C.30.119)). As in PyTorch, `1e-6` is added to each difference.
    ///
    /// ```
    /// use congruent::{nn::Triplet, prelude::*};
    /// dims! { Batch = 2; Embed = 2; }
    /// let anchor = Tensor::from_nested((Batch, Embed), [[0.0, 0.0], [1.0, 1.0]]);
    /// let positive = Tensor::from_nested((Batch, Embed), [[3.0, 4.0], [1.0, 2.0]]);
    /// let negative = Tensor::from_nested((Batch, Embed), [[0.0, 3.0], [9.0, 9.0]]);
    /// let losses: Tensor<(Batch,)> = Triplet { anchor: &anchor, positive: &positive, negative: &negative }.loss(Embed, 1.0);
    /// assert!(losses.to_vec().iter().zip([3.0, 0.0]).all(|(x, y)| (x - y).abs() < 1e-5));
    /// ```
    #[doc(alias("TripletMarginLoss", "triplet_margin_loss"))]
    pub fn loss<D, Position>(&self, axis: D, margin: f64) -> Tensor<S::Removed, B>
    where
        S: Axis<D, Position>,
        S::Dim: Whole + Summed,
    {
        let _ = axis;
        let anchor = self.anchor.array();
        let [near, far] = [self.positive, self.negative].map(|x| {
            let between = B::binary_scalar(Binary::Add, difference::<B>(anchor, x.array()), constant(1e-6));
            composed::norm::<B>(&between, S::INDEX)
        });
        let losses = B::binary_scalar(Binary::Add, difference::<B>(&near, &far), constant(margin));
        Tensor::from_parts(self.anchor.shape().removed(), B::unary(Unary::Relu, losses))
    }
}

/// The logarithms of the probabilities of whole answers: what [`log_likelihood`] gives. Nothing else goes into a [`Preference`], so
/// that nobody gives it probabilities, means or losses.
#[derive(Clone, Debug)]
pub struct LogLikelihood<S: Shape, B: Backend = Cpu<f32>>(Tensor<S, B>);

impl<S: Shape, B: Backend> LogLikelihood<S, B> {
    /// Those that were calculated by other means. The caller says what they are: nothing is checked.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::LogLikelihood;
    /// dims! { Batch = 2; }
    /// let likelihood = LogLikelihood::from_logarithms(Tensor::full((Batch,), 0.5).ln());
    /// assert_eq!(format!("{:.4?}", likelihood.into_tensor().to_vec()), "[-0.6931, -0.6931]");
    /// ```
    pub fn from_logarithms(tensor: Tensor<S, B>) -> Self {
        LogLikelihood(tensor)
    }

    /// As a tensor.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::LogLikelihood;
    /// dims! { Batch = 2; }
    /// let logarithms: Tensor<(Batch,)> = LogLikelihood::from_logarithms(Tensor::full((Batch,), -3.0)).into_tensor();
    /// assert_eq!(logarithms.to_vec(), [-3.0, -3.0]);
    /// ```
    pub fn into_tensor(self) -> Tensor<S, B> {
        self.0
    }

    /// The same as constants: gradients go no further back.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::LogLikelihood;
    /// dims! { Batch = 2; }
    /// let likelihood = LogLikelihood::from_logarithms(Tensor::full((Batch,), -3.0).tracked());
    /// assert!(!likelihood.detach().into_tensor().is_tracked());
    /// ```
    pub fn detach(&self) -> Self {
        LogLikelihood(self.0.detach())
    }
}

/// The logarithm of the probability that a model gives each answer: the sum of those of its tokens, by the logits `(N, S, V)` of the
/// positions before them. `is_answer` says of each token but the first whether it belongs to the answer: not the question, not
/// padding, whatever stands there.
///
/// ```
/// # use congruent::prelude::*;
/// use congruent::{dim::Next, nn::log_likelihood};
/// dims! { Batch = 1; Seq = 4; Vocab = 4; }
/// let logits = Tensor::zeros((Batch, Seq, Vocab));
/// let tokens = Ids::new((Batch, Seq), Vocab, &[0, 1, 2, 3])?;
/// // The first two tokens are the question; of the answer, each token has a probability of a quarter.
/// let is_answer = Cpu::from_vec((Batch, Next(Seq)), vec![false, true, true])?;
/// let likelihood = log_likelihood(&logits, &tokens, &is_answer).into_tensor();
/// assert_eq!(format!("{:.4?}", likelihood.exp().to_vec()), "[0.0625]");
/// # Ok::<(), Error>(())
/// ```
///
/// # Panics
/// As [`cross_entropy`](super::cross_entropy).
#[track_caller]
pub fn log_likelihood<L, R, A, N, S, V, B, I, C, X, Conditions, OnceOrTwice>(
    logits: &Tensor<L, B>,
    tokens: &Tensor<R, C>,
    is_answer: &Tensor<A, Conditions>,
) -> LogLikelihood<(N,), B>
where
    C: Backend<Elem = I> + SameBackend<With<B, I>>,
    I: IdOf<V>,
    L: Rows<R, V>,
    R: Matrix<Rows = N, Columns = S>,
    A: Shape + SameShape<(N, X)>,
    N: Dim,
    S: HasNext<Next = X> + CutByTheLoss<OnceOrTwice>,
    X: Dim,
    V: Compared,
    Conditions: SameBackend<With<B, bool>>,
    B: Backend<Elem: Float>,
{
    let scores = next_token_log_probabilities(logits, tokens);
    let (answers, _) = scores.shape();
    let nothing = B::filled(num_traits::zero(), scores.sizes().as_ref(), &scores.device());
    let scores = B::select(is_answer.array(), scores.array(), &nothing);
    LogLikelihood(Tensor::from_parts((answers,), B::reduce(Reduce::Sum, &scores, 1)))
}

/// What a model, and the one from which its training began, think of two answers to a question. Each has its name, since the four are
/// of one type.
#[derive(Debug)]
pub struct Preference<'a, S: Shape, B: Backend = Cpu<f32>> {
    /// Of the answer that is preferred, by the model.
    pub chosen: &'a LogLikelihood<S, B>,
    /// Of the other one, by the model.
    pub rejected: &'a LogLikelihood<S, B>,
    /// Of the answer that is preferred, by the model from which the training began.
    pub reference_chosen: &'a LogLikelihood<S, B>,
    /// Of the other one, by that model.
    pub reference_rejected: &'a LogLikelihood<S, B>,
}

impl<S: Shape, B: Backend<Elem: Float>> Preference<'_, S, B> {
    /// The loss of direct preference optimization ([Rafailov et al. 2023](https://arxiv.org/abs/2305.18290)):
    /// `-ln(sigmoid(beta · ((chosen - reference_chosen) - (rejected - reference_rejected))))`. The reference is a constant. The paper
    /// has a `beta` of 0.1.
    ///
    /// ```
    /// use congruent::dim::Next;
    /// use congruent::nn::{LogLikelihood, Preference, log_likelihood};
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Seq = 3; Vocab = 4; }
    /// let logits = Tensor::uniform((Batch, Seq, Vocab), -1.0..1.0, &mut Rng::with_seed(1)).tracked();
    /// // The first two tokens are the question.
    /// let is_answer = Cpu::from_vec((Batch, Next(Seq)), vec![false, true])?;
    /// let answer = |tokens: [u32; 3]| -> Result<LogLikelihood<(Batch,)>, Error> {
    ///     Ok(log_likelihood(&logits, &Ids::new((Batch, Seq), Vocab, &tokens)?, &is_answer))
    /// };
    /// let (chosen, rejected) = (answer([0, 1, 2])?, answer([0, 1, 3])?);
    /// let (reference_chosen, reference_rejected) = (&chosen.detach(), &rejected.detach());
    /// let preference = Preference { chosen: &chosen, rejected: &rejected, reference_chosen, reference_rejected };
    /// let loss: Tensor<()> = preference.loss(0.1).mean(Batch);
    /// assert!((loss.scalar() - 2f32.ln()).abs() < 1e-6);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("dpo", "DPO"))]
    pub fn loss(&self, beta: f64) -> Tensor<S, B> {
        let own = difference::<B>(self.chosen.0.array(), self.rejected.0.array());
        let [chosen, rejected] =
            [self.reference_chosen, self.reference_rejected].map(|x| B::detach(x.0.array().clone()));
        let gain = difference::<B>(&own, &difference::<B>(&chosen, &rejected));
        let losses = B::unary(Unary::Softplus, B::binary_scalar(Binary::Mul, gain, constant(-beta)));
        Tensor::from_parts(self.chosen.0.shape(), losses)
    }
}
