//! Dimensions of an even size.

use super::{Dim, Normal};
use crate::sealed::Sealed;
use typenum::{B0, UInt, UTerm};

/// That the size of a dimension is even, known at compile time.
#[diagnostic::on_unimplemented(
    message = "the size of `{Self}` is not known to be even",
    label = "an even size is needed here",
    note = "rotary positions turn the elements of a head in pairs",
    note = "a size that only run time knows is checked there: `Rotary::check(..)?`",
    note = "explained in `congruent::errors::C39`: https://docs.rs/congruent/latest/congruent/errors/C39/"
)]
pub trait Even: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Normal<Size: EvenNumber>> Even for D {
    fn sealed(_: Sealed) {}
}

/// A number of typenum whose last binary digit is 0.
#[doc(hidden)]
pub trait EvenNumber {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl EvenNumber for UTerm {
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<U> EvenNumber for UInt<U, B0> {
    fn sealed(_: Sealed) {}
}
