//! Lengths beside what they are of.

use super::Lengths;
use crate::dim::{Dim, Ragged, Shard};
use crate::sealed::Sealed;
use crate::shape::Shape;

/// That these are the [`Lengths`] of the sequences `L` of the batch `B`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are not the lengths of `{L}` in the batch `{B}`",
    label = "expected `Lengths<{B}, {L}>`",
    note = "lengths belong to one batch, and to one dimension of its sequences: those of another tensor say nothing of this one",
    note = "the losses of next tokens are one fewer for each sequence, `Ragged<Next<Seq>>`: their lengths are `lengths.next()`",
    note = "explained in `congruent::errors::C104`: https://docs.rs/congruent/latest/congruent/errors/C104/"
)]
pub trait LengthsOf<B, L> {
    /// The lengths.
    fn lengths(&self) -> &Lengths<B, L>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B, L> LengthsOf<B, L> for Lengths<B, L> {
    fn lengths(&self) -> &Lengths<B, L> {
        self
    }
    fn sealed(_: Sealed) {}
}

/// That the shape is `(batch, Ragged<sequence>)`: a number for each position of padded sequences; or `(batch, Shard<Ragged<sequence>, _>)`,
/// one for each that this rank has.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not one number for each position of padded sequences",
    label = "expected `(batch, Ragged<sequence>)`",
    note = "each further axis is reduced before, `x.mean(Embed)`; a mean for each sequence is `x.masked_mean(&lengths)`, and without padding that of all is `x.mean_all()`",
    note = "explained in `congruent::errors::C107`: https://docs.rs/congruent/latest/congruent/errors/C107/"
)]
pub trait PaddedPositions: Shape {
    /// The batch.
    type Batch: Dim;
    /// The positions with their padding, but for its mark: `Ragged<Self::Length>`.
    type Length: Dim;
    /// How many positions of each sequence are valid, of those that this rank has.
    #[doc(hidden)]
    fn valid(self, lengths: &Lengths<Self::Batch, Ragged<Self::Length>>) -> Vec<usize>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Dim, L: Dim> PaddedPositions for (B, Ragged<L>) {
    type Batch = B;
    type Length = L;
    fn valid(self, lengths: &Lengths<B, Ragged<L>>) -> Vec<usize> {
        lengths.as_slice().to_vec()
    }
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<B: Dim, L: Dim, M: Dim> PaddedPositions for (B, Shard<Ragged<L>, M>) {
    type Batch = B;
    type Length = L;
    fn valid(self, lengths: &Lengths<B, Ragged<L>>) -> Vec<usize> {
        lengths.within(self.1.rank() * self.1.size(), self.1.size())
    }
    fn sealed(_: Sealed) {}
}
