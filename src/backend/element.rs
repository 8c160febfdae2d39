//! What a tensor may hold.

use super::{Binary, DataType};
use num_traits::{Bounded, Num, NumCast};
use std::fmt::Debug;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// A value that a tensor may hold: a number, a `bool`, or an id that its table is known to have.
///
/// Numbers are the integers from `i8` and `u8` to `i64` and `u64`, `f32`, `f64`, and the narrow floats of the crate `half`, which is
/// `congruent::half` as well:
///
/// ```
/// use congruent::half::{bf16, f16};
/// use congruent::prelude::*;
/// dims! { Embed = 4; }
/// let x = Cpu::from_vec((Embed,), vec![f16::ONE; 4])?;
/// assert_eq!(x.cast::<bf16>().to_vec(), [bf16::ONE; 4]);
/// # Ok::<(), Error>(())
/// ```
pub trait Element: Copy + Debug + PartialEq + Send + Sync {
    /// What an engine stores of it.
    type Primitive: Primitive;
    /// What it is in memory, without what is known of it.
    #[doc(hidden)]
    fn to_primitive(self) -> Self::Primitive;
    /// What they are in memory, without what is known of them.
    #[doc(hidden)]
    fn to_primitives(elements: Vec<Self>) -> Vec<Self::Primitive>;
    /// The elements that were these. Nothing is checked.
    #[doc(hidden)]
    fn of_primitives(primitives: Vec<Self::Primitive>, _: Proven) -> Vec<Self>;
    /// The elements that were these. Nothing is checked.
    #[doc(hidden)]
    fn of_slice(primitives: &[Self::Primitive], _: Proven) -> &[Self];
}

/// An element that is what it is in memory, and means nothing more: a number or a `bool`.
pub trait Primitive: Element<Primitive = Self> + PartialOrd + IntoBytes + Immutable + 'static {
    /// Which one it is.
    const DATA_TYPE: DataType;

    /// Elements of their bytes, in the order of this processor. Of a `bool`, every byte but zero is true.
    ///
    /// # Panics
    /// The bytes are not those of whole elements.
    fn from_bytes(bytes: &[u8]) -> Vec<Self>;
    /// The elements where their bytes lie, if they can be read there: any bytes are such elements, and they are aligned.
    fn in_bytes(bytes: &[u8]) -> Option<&[Self]>;
    /// The bytes of elements.
    fn bytes(elements: &[Self]) -> &[u8] {
        elements.as_bytes()
    }
}

/// That what is read of an array was written as elements of its type, as the typed layer knows.
#[derive(Clone, Copy, Debug)]
pub struct Proven(pub(crate) ());

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
pub trait Number: Primitive + Num + NumCast + PartialOrd + Bounded + AnyBits {
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
    /// What a function of floating-point numbers gives, if this is one. It is compiled for this type alone.
    #[doc(hidden)]
    fn if_float<F: OfFloat<Self>>(f: F) -> Option<F::Output>;
}

/// A function for a type of numbers that has to be floating-point ones: see [`Number::if_float`].
#[doc(hidden)]
pub trait OfFloat<T> {
    type Output;

    fn call(self) -> Self::Output
    where
        T: Float;
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
    type Wide: Real + Float<Wide = Self::Wide>;
    /// To the type in which it is calculated with.
    fn widened(self) -> Self::Wide;
    /// From the type in which it is calculated with, rounded.
    fn rounded(wide: Self::Wide) -> Self;
}

/// A floating-point number that is calculated with as it is.
pub trait Real: Number<Sum = Self> + num_traits::Float {
    /// The error function.
    fn erf(self) -> Self;
    /// The nearest whole number, of two the even one.
    fn round_ties_even(self) -> Self;
    /// A constant, rounded.
    fn constant(value: f64) -> Self;
}
