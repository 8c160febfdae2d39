//! What proposes tokens before the model is asked.

use super::Sampling;
use crate::Error;
use crate::tensor::Index;

/// A text that a token is proposed for.
#[derive(Debug)]
pub struct Read<'a, V> {
    /// Its number among the sequences of the generation.
    pub sequence: usize,
    /// All its tokens, of which there is at least one: those of its prompt, those that were generated, and those that were proposed
    /// since.
    pub ids: &'a [Index<V>],
    /// How its tokens are drawn.
    pub sampling: &'a Sampling,
}

/// Proposes tokens of `V`, which a model then checks, many in one pass: see
/// [`Generation::speculating`](super::Generation::speculating).
///
/// A [`Draft`](super::Draft) is one by a smaller model, and [`PromptLookup`](super::PromptLookup) one without a model. Whatever is
/// proposed, the text is the model's: what is good is faster.
///
/// ```
/// use congruent::generate::{Proposer, Read};
/// use congruent::prelude::*;
///
/// /// Proposes the last token once more.
/// struct Again;
/// impl<V: Copy> Proposer<V> for Again {
///     fn propose(&mut self, texts: &[Read<'_, V>]) -> Result<Vec<Vec<(Index<V>, f64)>>, Error> {
///         Ok(texts.iter().map(|text| text.ids.last().map(|id| (*id, 1.0)).into_iter().collect()).collect())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not propose tokens of `{V}`",
    label = "expected a proposer of the tokens of the model that checks them, `{V}`",
    note = "a draft and the model that checks it have one table of tokens, so that their dimensions are one type",
    note = "of two that only run time knows, compare the sizes, and make both models with one of them: `Equal::check(theirs, ours)?`",
    note = "explained in `congruent::errors::C127`: https://docs.rs/congruent/latest/congruent/errors/C127/"
)]
pub trait Proposer<V> {
    /// For each of these texts the distribution of the token that is proposed next, as [`Sampling::distribution`] gives it: tokens,
    /// each once, with probabilities that add up to 1. None proposes nothing, and the text is not asked for again before the model
    /// has gone on with it.
    ///
    /// # Errors
    /// What the proposer finds wrong: it ends the generation.
    fn propose(&mut self, texts: &[Read<'_, V>]) -> Result<Vec<Vec<(Index<V>, f64)>>, Error>;
}

#[diagnostic::do_not_recommend]
impl<V, P: Proposer<V> + ?Sized> Proposer<V> for Box<P> {
    fn propose(&mut self, texts: &[Read<'_, V>]) -> Result<Vec<Vec<(Index<V>, f64)>>, Error> {
        (**self).propose(texts)
    }
}
