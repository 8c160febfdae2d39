//! Numbers as dimensions.

use super::{Dense, Dim, Normal, StaticDim};
use generic_array::ArrayLength;
use std::fmt::{self, Debug, Formatter};
use typenum::{Bit, Const, ToUInt, U, UInt, UTerm, Unsigned};

/// A dimension that is only a number: `N<512>`.
///
/// Two of the same number are the same dimension. Prefer a name where there is one: names tell a
/// sequence of 512 from an embedding of 512, and numbers do not.
///
/// ```
/// use congruent::prelude::*;
/// let x: Tensor<(N<2>, N<3>)> = Tensor::ones((N, N));
/// assert_eq!(x.sum(N::<3>).to_vec(), [3.0, 3.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct N<const SIZE: usize>;

impl<const SIZE: usize> Dim for N<SIZE> {
    fn size(self) -> usize {
        SIZE
    }
    fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "N<{SIZE}>")
    }
}
impl<const SIZE: usize> Dense for N<SIZE> {}
#[diagnostic::do_not_recommend]
impl<const SIZE: usize> Normal for N<SIZE>
where
    Const<SIZE>: ToUInt,
{
    type Size = U<SIZE>;
}
#[diagnostic::do_not_recommend]
impl<const SIZE: usize> StaticDim for N<SIZE>
where
    Const<SIZE>: ToUInt,
    U<SIZE>: Unsigned + ArrayLength,
{
    type Number = U<SIZE>;
}

#[diagnostic::do_not_recommend]
impl Dim for UTerm {
    fn size(self) -> usize {
        0
    }
    fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("U0")
    }
}
#[diagnostic::do_not_recommend]
impl Dense for UTerm {}
#[diagnostic::do_not_recommend]
impl Normal for UTerm {
    type Size = UTerm;
}
#[diagnostic::do_not_recommend]
impl StaticDim for UTerm {
    type Number = UTerm;
}

#[diagnostic::do_not_recommend]
impl<H: Unsigned + Debug + Send + Sync, L: Bit + Debug + Send + Sync> Dim for UInt<H, L> {
    fn size(self) -> usize {
        Self::USIZE
    }
    fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "U{}", Self::USIZE)
    }
}
#[diagnostic::do_not_recommend]
impl<H: Unsigned + Debug + Send + Sync, L: Bit + Debug + Send + Sync> Dense for UInt<H, L> {}
#[diagnostic::do_not_recommend]
impl<H: Unsigned + Debug + Send + Sync, L: Bit + Debug + Send + Sync> Normal for UInt<H, L> {
    type Size = Self;
}
#[diagnostic::do_not_recommend]
impl<H: Unsigned + Debug + Send + Sync, L: Bit + Debug + Send + Sync> StaticDim for UInt<H, L>
where
    Self: ArrayLength,
{
    type Number = Self;
}
