//! A cache cut back.

use super::KeyValueCache;
use crate::Error;
use crate::backend::{Backend, Float};
use crate::dim::{Dim, Name, Normal};
use typenum::U1;

/// That the lengths cut the sequences of the batch `B`: one for each, or one number where the batch is one sequence by its type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not cut the sequences of the batch `{B}`",
    label = "expected a length for each sequence of `{B}`",
    note = "each sequence of a batch is cut at its own length: `cache.truncate([14, 11])?`; all at one: `cache.truncate(&vec![length; batch.size()])?`",
    note = "one number cuts a batch of one sequence by its type: `Batch = 1`, or `N<1>`",
    note = "explained in `congruent::errors::C70`: https://docs.rs/congruent/latest/congruent/errors/C70/"
)]
pub trait CutTo<B> {
    /// One length for each sequence.
    fn lengths(&self) -> &[usize];
}

/// That a batch is one sequence by its type.
pub trait OneSequence: Normal<Size = U1> {}
impl<B: Normal<Size = U1>> OneSequence for B {}

#[diagnostic::do_not_recommend]
impl<B: OneSequence> CutTo<B> for usize {
    fn lengths(&self) -> &[usize] {
        std::slice::from_ref(self)
    }
}
#[diagnostic::do_not_recommend]
impl<B: Dim, L: AsRef<[usize]> + ?Sized> CutTo<B> for &L {
    fn lengths(&self) -> &[usize] {
        (*self).as_ref()
    }
}
#[diagnostic::do_not_recommend]
impl<B: Dim, const COUNT: usize> CutTo<B> for [usize; COUNT] {
    fn lengths(&self) -> &[usize] {
        self
    }
}
#[diagnostic::do_not_recommend]
impl<B: Dim> CutTo<B> for Vec<usize> {
    fn lengths(&self) -> &[usize] {
        self
    }
}

impl<B: Dim, H: Dim, D: Dim, P: Dim, Bk: Backend<Elem: Float>> KeyValueCache<B, H, D, P, Bk> {
    /// Forgets the positions of each sequence from its length on: those that a speculation got wrong, or another turn of a
    /// conversation takes back. A sequence that has no more than its length stays as it is.
    ///
    /// Each sequence is cut at a length of its own, since sequences accept different numbers of drafted tokens
    /// ([Leviathan et al. 2023](https://arxiv.org/abs/2211.17192)). A batch that is one sequence by its type takes a number too.
    ///
    /// ```
    /// use congruent::nn::KeyValueCache;
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Heads = 3; HeadDim = 4; Positions = 512; Draft = 4; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// let x = Tensor::ones((Batch, Heads, Draft, HeadDim));
    /// cache.step(Draft, |step| step.append(0, &x, &x).0.sizes())?;
    /// cache.truncate([4, 1])?;
    /// assert_eq!(cache.lengths(), [4, 1]);
    /// assert_eq!(cache.truncate([0]).unwrap_err().to_string(), "`Batch` holds 2 sequences, found 1");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// There is not one length for each sequence; with a sliding window, positions that the next one attends to are forgotten
    /// already: the error names the sequence. Nothing changes.
    pub fn truncate<L: CutTo<B>>(&mut self, lengths: L) -> Result<(), Error> {
        let lengths = lengths.lengths();
        let expected = self.batch.size();
        if lengths.len() != expected {
            return Err(Error::SequenceCount { batch: Name::<B>::new().to_string(), expected, found: lengths.len() });
        }
        let before = self.window.map_or(0, |window| window.saturating_sub(1));
        let sequences = lengths.iter().zip(&self.lengths).zip(&self.forgotten).enumerate();
        for (sequence, ((&length, &held), &forgotten)) in sequences {
            if forgotten > 0 && length < held && length < forgotten + before {
                return Err(Error::CacheForgot { sequence, length, first: forgotten });
            }
        }
        self.lengths.iter_mut().zip(lengths).for_each(|(held, length)| *held = (*length).min(*held));
        Ok(())
    }
}
