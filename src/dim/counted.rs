//! How many positions a dimension has, whatever is known of them.

use super::{Dense, Dim, Filled, Name, Normal, Packed, Ragged, Whole};
use std::fmt::{self, Formatter};
use typenum::{UInt, UTerm};

/// A size in its normal form that is a number, for all that is known of the positions.
pub trait Count {
    /// The number.
    type Number;
}
impl Count for UTerm {
    type Number = Self;
}
impl<U, B> Count for UInt<U, B> {
    type Number = Self;
}
impl<Size: Count> Count for Ragged<Size> {
    type Number = Size::Number;
}
impl<Size: Count> Count for Packed<Size> {
    type Number = Size::Number;
}

/// As many positions as `D` has with its padding, for what compares sizes alone: no tensor has it.
#[derive(Clone, Copy, Debug)]
pub struct Counted<D>(D);

#[diagnostic::do_not_recommend]
// SAFETY: the size of `D`.
unsafe impl<D: Dim> Dim for Counted<D> {
    fn size(self) -> usize {
        self.0.size()
    }
    fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Name::<D>::new())
    }
}

#[diagnostic::do_not_recommend]
// SAFETY: positions are only counted.
unsafe impl<D: Dim> Whole for Counted<D> {}

#[diagnostic::do_not_recommend]
// SAFETY: there is no padding among positions that are only counted.
unsafe impl<D: Dim> Filled for Counted<D> {}
#[diagnostic::do_not_recommend]
// SAFETY: as above.
unsafe impl<D: Dim> Dense for Counted<D> {}

#[diagnostic::do_not_recommend]
// SAFETY: the number that is the size of `D`; of a dimension that is dense, as those are whose form is a number.
unsafe impl<D: Normal<Size: Count>> Normal for Counted<D> {
    type Size = <D::Size as Count>::Number;
    type Factors<Inside> = D::Factors<Inside>;
}
