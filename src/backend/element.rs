//! What a tensor may hold.

use super::Binary;
use crate::sealed::Sealed;
use num_traits::{Bounded, Num, NumCast};
use std::fmt::Debug;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// A value that a tensor may hold.
pub trait Element: Copy + Debug + PartialEq + Send + Sync + IntoBytes + Immutable {}

/// An element that any bits are, so that an array of it can be made of memory that was used before.
///
/// It stands for [`FromBytes`], which would make `T::zero()` ambiguous.
///
/// # Safety
/// As of `FromBytes`.
pub unsafe trait AnyBits {}
// SAFETY: by the bound.
unsafe impl<T: FromBytes> AnyBits for T {}

/// An element that can be calculated with. Nothing here panics: integers wrap around, and an integer
/// divided by zero is zero.
pub trait Number: Element + Num + NumCast + PartialOrd + Bounded + AnyBits + 'static {
    /// The type in which sums of it are kept: wider where it is narrow.
    type Sum: Number;
    /// Whether it is not a number. Never true of integers.
    fn is_nan(self) -> bool;
    /// To the type of sums.
    fn widen(self) -> Self::Sum;
    /// From the type of sums, rounded.
    fn narrow(sum: Self::Sum) -> Self;
    /// An operation on two numbers.
    fn binary(op: Binary, x: Self, y: Self) -> Self;
    /// To the widest type of its kind.
    fn to_value(self) -> Value;
    /// From a wide number: the nearest floating-point number, of two the even one; an integer as the operator `as` does.
    fn from_value(wide: Value) -> Self;
}

/// A number of any element type, for conversion.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// An integer.
    Integer(i128),
    /// A floating-point number.
    Float(f64),
}

/// The number as an element.
pub(crate) fn constant<T: Number>(value: f64) -> T {
    T::from_value(Value::Float(value))
}

/// A floating-point number. Narrow ones are calculated with in `f32`.
pub trait Float: Number {
    /// The type in which it is calculated with.
    type Wide: Real;
    /// To the type in which it is calculated with.
    fn widened(self) -> Self::Wide;
    /// From the type in which it is calculated with, rounded.
    fn rounded(wide: Self::Wide) -> Self;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// A floating-point number that is calculated with as it is.
pub trait Real: Number<Sum = Self> + num_traits::Float {
    /// The error function.
    fn erf(self) -> Self;
    /// A constant, rounded.
    fn constant(value: f64) -> Self;
}

/// An element that names a row of a table.
pub trait TableIndex: Element {
    /// The row.
    fn row(self) -> usize;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
