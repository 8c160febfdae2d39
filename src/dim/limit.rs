//! The largest size.

use super::{Dim, Normal};
use crate::sealed::Sealed;
use typenum::{B0, B1, IsLess, U9223372036854775808, UInt};

/// That the number of positions of a dimension is a number of 64 bits: asked for where it is declared.
#[diagnostic::on_unimplemented(
    message = "the size of `{Self}` is 2⁶⁴ or more",
    label = "no array is so large",
    note = "a size is calculated from numbers and other dimensions: one of them is larger than meant, or there are too many factors",
    note = "explained in `congruent::errors::C45`"
)]
pub trait Countable: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Normal<Size: IsLess<TwoTo64, Output = B1>>> Countable for D {
    fn sealed(_: Sealed) {}
}

type TwoTo64 = UInt<U9223372036854775808, B0>;

/// Asks for it.
pub fn countable<D: Countable>() {}

/// A number of 64 bits as a size.
pub const fn saturated(number: u64) -> usize {
    if number > usize::MAX as u64 { usize::MAX } else { number as usize }
}
