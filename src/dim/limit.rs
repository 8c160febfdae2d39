//! The largest size.

use super::{Dim, Normal};
use crate::sealed::Sealed;
use typenum::{UInt, UTerm};

/// That the number of positions of a dimension is a number of 64 bits: asked for where it is declared.
#[diagnostic::on_unimplemented(
    message = "the size of `{Self}` is 2⁶⁴ or more",
    label = "no array is so large",
    note = "a size is calculated from numbers and other dimensions: one of them is larger than meant, or there are too many factors",
    note = "explained in `congruent::errors::C45`: https://docs.rs/congruent/latest/congruent/errors/C45/"
)]
pub trait Countable: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Normal<Size: HasBits<Bits64>>> Countable for D {
    fn sealed(_: Sealed) {}
}

/// That a number has at most so many bits, `()` within `((),)` for each. To compare it with 2⁶⁴ takes the compiler longer.
pub trait HasBits<Most> {}
impl<Most> HasBits<Most> for UTerm {}
impl<Upper: HasBits<Most>, Bit, Most> HasBits<(Most,)> for UInt<Upper, Bit> {}

type Bits4<Most> = ((((Most,),),),);
type Bits16<Most> = Bits4<Bits4<Bits4<Bits4<Most>>>>;
type Bits64 = Bits16<Bits16<Bits16<Bits16<()>>>>;

/// Asks for it.
pub fn countable<D: Countable>() {}
