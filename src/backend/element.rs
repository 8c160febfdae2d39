//! What a tensor may hold.

use super::{Binary, Epilogue, Reduce, Unary};
use crate::cpu::kernels::plain::{Terms, add_rows, reduce_rows};
use crate::cpu::kernels::simd::Block;
use crate::cpu::kernels::{InOut, Link, Matrix, Multiplier, Operand, Rows, Weight, finish, plain};
use crate::sealed::Sealed;
use num_traits::{Bounded, Num, NumCast};
use std::borrow::Cow;
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
    /// An operation on each number and the operand, which are swapped or not.
    #[doc(hidden)]
    fn binary_all(op: Binary, x: InOut<'_, Self>, y: Operand<'_, Self>, swapped: bool) {
        plain::binary(op, x, y, swapped);
    }
    /// Adds rows to sums of columns, or what the terms say. The size is how many rows there are, and how far apart they lie.
    #[doc(hidden)]
    fn add_rows(x: &[Self], size: [usize; 2], terms: Terms<'_, Self::Sum>, sums: &mut [Self::Sum]) {
        add_rows(x, size, terms, sums);
    }
    /// `op` of each row of so many numbers.
    #[doc(hidden)]
    fn reduce_rows(op: Reduce, x: &[Self], size: usize, out: &mut [Self]) {
        reduce_rows(op, x, size, out);
    }
    /// To the widest type of its kind.
    fn to_value(self) -> Value;
    /// From a wide number: the nearest floating-point number, of two the even one; an integer as the operator `as` does.
    fn from_value(wide: Value) -> Self;
    /// The product of `a (m, k)` and `b (k, n)`, into the row-major `c (m, n)`.
    #[doc(hidden)]
    fn multiply(size: [usize; 3], a: Matrix<'_, Self>, b: Matrix<'_, Self>, c: &mut [Self]) {
        plain::multiply(size, a, b, c);
    }
    /// `x (m, k)` times the transpose of rows of blocks `(n, k)`, and the epilogue, into the row-major `out (m, n)`. No
    /// arrays but those of `f32` are stored in blocks.
    #[doc(hidden)]
    fn linear_blocks(x: Matrix<'_, Self>, m: usize, rows: Rows<'_>, after: Epilogue<'_, [Self]>, out: &mut [Self]) {
        let _ = (x, m, rows, after, out);
        unreachable!("an array of another type than `f32` in blocks")
    }
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
    /// All of them widened: a copy only where that is another type.
    fn all_widened(elements: &[Self]) -> Cow<'_, [Self::Wide]>;
    /// Each of them widened.
    fn widen_all(elements: &[Self], wide: &mut [Self::Wide]) {
        elements.iter().zip(wide).for_each(|(x, wide)| *wide = x.widened());
    }
    /// Calculates with all of them as wide numbers.
    #[doc(hidden)]
    fn calculate(elements: InOut<'_, Self>, f: impl FnOnce(InOut<'_, Self::Wide>));
    /// Writes all of them by way of wide numbers, which `f` writes.
    fn write(elements: &mut [Self], f: impl FnOnce(&mut [Self::Wide]));
}

/// A floating-point number that is calculated with as it is.
pub trait Real: Number<Sum = Self> + num_traits::Float {
    /// The error function.
    fn erf(self) -> Self;
    /// A constant, rounded.
    fn constant(value: f64) -> Self;
    /// `op` on each number.
    #[doc(hidden)]
    fn unary(op: Unary, x: InOut<'_, Self>) {
        plain::unary(op, x);
    }
    /// The operations one after another on each number. There is at least one.
    #[doc(hidden)]
    fn chain(x: InOut<'_, Self>, links: &[Link<'_, Self>]) {
        plain::chain(x, links);
    }
    /// `exp(x) / sum(exp(x))` of each row of so many numbers.
    #[doc(hidden)]
    fn softmax(x: InOut<'_, Self>, size: usize) {
        plain::softmax(x, size);
    }
    /// `x - ln(sum(exp(x)))` of each row of so many numbers.
    #[doc(hidden)]
    fn log_softmax(x: InOut<'_, Self>, size: usize) {
        plain::log_softmax(x, size);
    }
    /// Each gradient times the slope of `op` at `x`, if there is a kernel for it. Whether there is.
    #[doc(hidden)]
    fn times_slope(op: Unary, x: &[Self], gradient: &mut [Self]) -> bool {
        let _ = (op, x, gradient);
        false
    }
    /// The gradients of rows of the result `y` of softmax become those of its argument.
    #[doc(hidden)]
    fn softmax_backward(y: &[Self], gradient: &mut [Self], size: usize) {
        plain::softmax_backward(y, gradient, size);
    }
    /// Gradients of a norm, from `x`, the weight and the gradients of rows: those of `x` are written, those of the weight and
    /// then of the bias added to what is there.
    #[doc(hidden)]
    fn norm_backward(
        inputs: [&[Self]; 3],
        epsilon: f64,
        centered: bool,
        of_x: &mut [Self],
        of_parameters: &mut [Self],
    ) {
        plain::norm_backward(inputs, epsilon, centered, of_x, of_parameters);
    }
    /// The largest number of each row of so many, and the logarithm of the sum of `exp(x - largest)`.
    #[doc(hidden)]
    fn log_sums(x: &[Self], size: usize, out: &mut [[Self; 2]]) {
        plain::log_sums(x, size, out);
    }
    /// `(x - center) · scale · weight + bias` of each row of as many numbers as there are weights: the center is the mean
    /// or zero, the scale one by the root of the mean square distance from it, to which `epsilon` was added.
    #[doc(hidden)]
    fn norm(x: InOut<'_, Self>, weight: &[Self], bias: Option<&[Self]>, epsilon: f64, centered: bool) {
        plain::norm(x, weight, bias, epsilon, centered);
    }
    /// `x (m, k)` times `weight (k, n)`, and the epilogue, into the row-major `out (m, n)`.
    #[doc(hidden)]
    fn linear(
        size: [usize; 3],
        x: Matrix<'_, Self>,
        weight: Weight<'_, Self>,
        after: Epilogue<'_, [Self]>,
        out: &mut [Self],
    ) {
        Self::multiply(size, x, weight.matrix, out);
        finish(after, size[2], 0, out);
    }
    /// What multiplies rows by `b (k, n)`, into the row-major rows of a result, of which there are `m`; none of them is zero.
    /// Several threads may call it.
    #[doc(hidden)]
    fn multiplier<'a>([_, k, n]: [usize; 3], b: Matrix<'a, Self>) -> Multiplier<'a, Self> {
        Box::new(move |a, out| Self::multiply([out.len() / n, k, n], a, b, out))
    }
    /// Attention of a block of queries in one pass, if there is a kernel for it: see [`Backend`](super::Backend). Whether
    /// there is, and all of the result is finite; else it has to be calculated in another way.
    #[doc(hidden)]
    fn attend(block: &Block<'_, Self>, out: &mut [Self]) -> bool {
        let _ = (block, out);
        false
    }
}

/// An element that names a row of a table.
pub trait TableIndex: Element {
    /// The row.
    fn row(self) -> usize;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
