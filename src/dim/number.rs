//! Numbers as dimensions.

use super::{Dense, Dim, Factor, Filled, Normal, Numeral, StaticDim, Whole};
use std::fmt::{self, Formatter};
use typenum::{Const, ToUInt, U, Unsigned};

/// A dimension that is only a number: `N<512>`.
///
/// Two of the same number are the same dimension. Prefer a name where there is one: names tell a
/// sequence of 512 from an embedding of 512, and numbers do not.
///
/// [`numbers`] has shorter names: `U512`. The numbers of `typenum` are what sizes are calculated with,
/// and no dimensions themselves: the compiler writes them in binary.
///
/// ```
/// use congruent::prelude::*;
/// let x: Tensor<(N<2>, N<3>)> = Tensor::ones((N, N));
/// assert_eq!(x.sum(N::<3>).to_vec(), [3.0, 3.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct N<const SIZE: usize>;

#[diagnostic::do_not_recommend]
// SAFETY: the size is part of the type.
unsafe impl<const SIZE: usize> Dim for N<SIZE> {
    fn size(self) -> usize {
        SIZE
    }
    fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "N<{SIZE}>")
    }
}
#[diagnostic::do_not_recommend]
// SAFETY: each rank has all positions.
unsafe impl<const SIZE: usize> Whole for N<SIZE> {}
#[diagnostic::do_not_recommend]
// SAFETY: it has no padding.
unsafe impl<const SIZE: usize> Filled for N<SIZE> {}
#[diagnostic::do_not_recommend]
// SAFETY: as above.
unsafe impl<const SIZE: usize> Dense for N<SIZE> {}
#[diagnostic::do_not_recommend]
// SAFETY: the number of the size.
unsafe impl<const SIZE: usize> Normal for N<SIZE>
where
    Const<SIZE>: ToUInt,
{
    type Size = U<SIZE>;
    type Factors<Inside> = Factor<Numeral, U<SIZE>, Inside>;
}
#[diagnostic::do_not_recommend]
// SAFETY: the number of the size.
unsafe impl<const SIZE: usize> StaticDim for N<SIZE>
where
    Const<SIZE>: ToUInt,
    U<SIZE>: Unsigned,
{
    type Number = U<SIZE>;
}

/// The numbers up to 1024 by name, as types and as values: `U8` is `N<8>`.
///
/// ```
/// use congruent::dim::numbers::{U2, U8, U16};
/// use congruent::prelude::*;
/// let x: Tensor<(U2, U8)> = Tensor::ones((U2, U8));
/// let y: Tensor<(U16,)> = x.merge(U2, U8).relabel(Times(U2, U8), U16);
/// ```
pub mod numbers {
    use super::N;
    congruent_macros::numbers!(1024);
}
