//! Positions that have a next one.

use super::{Dense, Dim, Name, Normal, Ragged};
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
impl<D: Dim> Dim for Next<D> {
    fn size(self) -> usize {
        self.0.size().saturating_sub(1)
    }
    fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Next<{}>", Name::<D>::new())
    }
}

#[diagnostic::do_not_recommend]
impl<D: Dense> Dense for Next<D> {}

#[diagnostic::do_not_recommend]
impl<D: Normal> Normal for Next<D> {
    // Of equal dimensions, the next positions are equally many.
    type Size = Next<D::Size>;
}

/// A dimension whose positions have a next one: `Next<D>` of a dimension without padding, and `Ragged<Next<D>>` of
/// `Ragged<D>`.
#[diagnostic::on_unimplemented(
    message = "the compiler does not know whether `{Self}` is padded, and what its next positions are",
    label = "neither known to be without padding, nor `Ragged`",
    note = "in generic code, ask for a dimension without padding, `S: Dense`; or for either, `S: congruent::dim::HasNext`",
    note = "explained in `congruent::errors::C65`"
)]
pub trait HasNext: Dim + sealed::Sealed {
    /// The positions that have a next one.
    type Next: Dim;
    /// The positions that have a next one.
    fn next(self) -> Self::Next;
}

#[diagnostic::do_not_recommend]
impl<D: Dense> HasNext for D {
    type Next = Next<D>;
    fn next(self) -> Next<D> {
        Next(self)
    }
}

#[diagnostic::do_not_recommend]
impl<D: Dim> HasNext for Ragged<D> {
    type Next = Ragged<Next<D>>;
    fn next(self) -> Ragged<Next<D>> {
        Ragged(Next(self.0))
    }
}

/// Shapes follow from `HasNext::next`, so that nobody else implements it.
mod sealed {
    use super::{Dense, Dim, Ragged};

    pub trait Sealed {}
    impl<D: Dense> Sealed for D {}
    impl<D: Dim> Sealed for Ragged<D> {}
}
