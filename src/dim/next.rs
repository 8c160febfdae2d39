//! Positions that have a next one.

use super::{Dense, Dim, Factor, Filled, Name, Named, Normal, Ragged, Whole};
use crate::mesh_axes::MeshAxes;
use crate::sealed::Sealed;
use std::fmt::{self, Formatter};

/// The positions of `D` that have a next one: one fewer than `D` has, or none.
///
/// It is what a prediction of the next token and that token have in common:
/// [`without_last`](crate::Tensor::without_last) leaves the predictions, [`next`](crate::Tensor::next) gives the tokens.
///
/// ```
/// use congruent::dim::Next;
/// use congruent::prelude::*;
/// dims! { Seq = 4; Empty = 0; }
/// assert_eq!((Next(Seq).size(), Next(Empty).size()), (3, 0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Next<D>(pub D);

#[diagnostic::do_not_recommend]
// SAFETY: a size that follows from that of `D`.
unsafe impl<D: Dim> Dim for Next<D> {
    const IS_SHARDED: bool = D::IS_SHARDED;
    fn mesh_axes(self) -> MeshAxes {
        self.0.mesh_axes()
    }
    fn whole_size(self) -> usize {
        self.0.whole_size().saturating_sub(1)
    }
    fn whole_position(self, position: usize) -> usize {
        self.0.whole_position(position)
    }
    fn size(self) -> usize {
        self.0.size().saturating_sub(1)
    }
    fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Next<{}>", Name::<D>::new())
    }
}

#[diagnostic::do_not_recommend]
// SAFETY: positions of `D`.
unsafe impl<D: Whole> Whole for Next<D> {}
#[diagnostic::do_not_recommend]
// SAFETY: positions of `D`.
unsafe impl<D: Filled> Filled for Next<D> {}
#[diagnostic::do_not_recommend]
// SAFETY: positions of `D`.
unsafe impl<D: Dense> Dense for Next<D> {}

#[diagnostic::do_not_recommend]
// SAFETY: the form of `D` in a form of its own.
unsafe impl<D: Normal> Normal for Next<D> {
    // Of equal dimensions, the next positions are equally many.
    type Size = Next<D::Size>;
    type Factors<Inside> = Factor<Named<Self>, Self::Size, Inside>;
}

/// A dimension whose positions have a next one: `Next<D>` of a dimension without padding, and `Ragged<Next<D>>` of
/// `Ragged<D>`.
#[diagnostic::on_unimplemented(
    message = "what follows each position of `{Self}` is not known: it may be padded, or one rank's part",
    label = "neither known to be whole and without padding, nor `Ragged`",
    note = "in generic code, ask for a dimension without padding, `S: Dense`; or for either, `S: congruent::dim::HasNext`",
    note = "what follows a token of packed texts is `segments.next_tokens(&ids)`, and the mean of such losses `segments.mean_of_next(&losses)`",
    note = "of a `Shard`, what follows the last position is on another rank: take the next positions before, `ids.next(seq)`, and then the rank's part of them, `.shard(part)`",
    note = "explained in `congruent::errors::C65`: https://docs.rs/congruent/latest/congruent/errors/C65/"
)]
pub trait HasNext: Dim {
    /// The positions that have a next one.
    type Next: Dim;
    /// The positions that have a next one.
    fn next(self) -> Self::Next;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

#[diagnostic::do_not_recommend]
impl<D: Dense> HasNext for D {
    type Next = Next<D>;
    fn next(self) -> Next<D> {
        Next(self)
    }
    fn sealed(_: Sealed) {}
}

#[diagnostic::do_not_recommend]
// What follows the last position of a part is on another rank.
impl<D: Whole> HasNext for Ragged<D> {
    type Next = Ragged<Next<D>>;
    fn next(self) -> Ragged<Next<D>> {
        Ragged(Next(self.0))
    }
    fn sealed(_: Sealed) {}
}
