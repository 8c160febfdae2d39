//! What generation asks of a model.

use crate::Error;
use crate::backend::{Backend, Float};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim};
use crate::tensor::{Index, Tensor};

/// A language model and what it has read: sequences that grow, each beside its cache. Its logits are of the backend `B`.
///
/// [`Generation`](super::Generation) has an example of one.
pub trait Session<B: Backend<Elem: Float> = Cpu<f32>> {
    /// The tokens.
    type Vocab: Dim + Dense;

    /// The dimension of the logits.
    fn vocab(&self) -> Self::Vocab;

    /// How many tokens a sequence can have.
    fn context(&self) -> usize;

    /// How many sequences there are.
    fn sequences(&self) -> usize;

    /// How many tokens of a sequence were read.
    fn length(&self, sequence: usize) -> usize;

    /// Reads on in some of the sequences, given by number and new tokens: each sequence at most once, none without a
    /// token, none past the context. Gives for each the logits of the token after its last, in the order given.
    ///
    /// The logits of a sequence do not depend on the others.
    ///
    /// # Errors
    /// What the model finds wrong.
    fn extend(&mut self, new: &[(usize, &[Index<Self::Vocab>])]) -> Result<Vec<Tensor<(Self::Vocab,), B>>, Error>;
}

/// A session that checks tokens which were proposed, and takes back those that it does not accept: see
/// [`Generation::speculating`](super::Generation::speculating), which has an example of one.
pub trait Rewind<B: Backend<Elem: Float> = Cpu<f32>>: Session<B> {
    /// Reads on as [`extend`](Session::extend), in one pass, and gives of each sequence the logits after each of its last tokens, of
    /// which there are so many, in the order of the tokens: at least one, and at most as many as are new.
    ///
    /// # Errors
    /// What the model finds wrong.
    fn extend_each(
        &mut self,
        new: &[(usize, &[Index<Self::Vocab>])],
        last: &[usize],
    ) -> Result<Vec<Vec<Tensor<(Self::Vocab,), B>>>, Error>;

    /// Forgets of each sequence what comes after so many tokens; one that has no more stays as it is.
    ///
    /// # Errors
    /// There is not one length for each sequence, or what comes before is not there any more.
    fn truncate(&mut self, lengths: &[usize]) -> Result<(), Error>;
}
