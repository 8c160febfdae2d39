//! What a tensor may hold.

use super::cpu::{Block, Matrix, plain, simd};
use super::{Binary, Unary};
use half::slice::HalfFloatSliceExt as _;
use half::{bf16, f16};
use num_traits::{Bounded, Num, NumCast, ToPrimitive};
use std::borrow::Cow;
use std::fmt::Debug;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// How many elements of a buffer a matrix of these strides spans, if it fits into memory at all.
fn span(size: [usize; 2], strides: [usize; 2]) -> Option<usize> {
    let last = size[0].checked_sub(1)?.checked_mul(strides[0])?;
    last.checked_add(size[1].checked_sub(1)?.checked_mul(strides[1])?)?.checked_add(1)
}

/// Whether a product has anything to add. Panics if a matrix of it does not lie inside its buffer.
fn has_terms(size: [usize; 3], strides: [[usize; 2]; 2], lengths: [usize; 3]) -> bool {
    let [m, k, n] = size;
    if size.contains(&0) {
        return false;
    }
    let spans = [span([m, k], strides[0]), span([k, n], strides[1]), span([m, n], [n, 1])];
    let inside = spans.iter().zip(lengths).all(|(span, length)| span.is_some_and(|span| span <= length));
    assert!(inside, "a buffer ends before its matrix");
    true
}

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
pub trait Number: Element + Num + NumCast + PartialOrd + Bounded + AnyBits {
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
    /// From a wide number, as the operator `as` does.
    fn from_value(wide: Value) -> Self;
    /// Adds the product of a matrix `a (m, k)` and a matrix `b (k, n)` to the row-major `c (m, n)`.
    /// The strides are those of rows and of columns.
    fn add_product(
        size: [usize; 3],
        a: &[Self],
        a_strides: [usize; 2],
        b: &[Self],
        b_strides: [usize; 2],
        c: &mut [Self],
    ) {
        let [m, k, n] = size;
        if !has_terms(size, [a_strides, b_strides], [a.len(), b.len(), c.len()]) {
            return;
        }
        // The inner loop needs the rows of `b` one after another.
        let (rows, stride) = if b_strides[1] == 1 {
            (Cow::Borrowed(b), b_strides[0])
        } else {
            let mut rows = vec![Self::zero(); k * n];
            // A few columns at a time, so that neither side is read or written with long gaps only.
            for first in (0..n).step_by(16) {
                for (l, row) in rows.chunks_mut(n).enumerate() {
                    for j in first..n.min(first + 16) {
                        row[j] = b[l * b_strides[0] + j * b_strides[1]];
                    }
                }
            }
            (Cow::Owned(rows), n)
        };
        for (i, c) in c.chunks_mut(n).take(m).enumerate() {
            for l in 0..k {
                let x = a[i * a_strides[0] + l * a_strides[1]];
                for (c, &y) in c.iter_mut().zip(&rows[l * stride..][..n]) {
                    *c = Self::binary(Binary::Add, *c, Self::binary(Binary::Mul, x, y));
                }
            }
        }
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
    /// All of them rounded.
    fn all_rounded(elements: Vec<Self::Wide>) -> Vec<Self>;
    /// Calculates with all of them as wide numbers.
    fn calculate(elements: &mut [Self], f: impl FnOnce(&mut [Self::Wide]));
}

/// A floating-point number that is calculated with as it is.
pub trait Real: Number + num_traits::Float {
    /// The error function.
    fn erf(self) -> Self;
    /// A constant, rounded.
    fn constant(value: f64) -> Self;
    /// `op` on each number.
    fn unary(op: Unary, x: &mut [Self]) {
        plain::unary(op, x);
    }
    /// `x` becomes `exp(x) / sum(exp(x))`.
    fn softmax(x: &mut [Self]) {
        plain::softmax(x);
    }
    /// The largest number, and the logarithm of `sum(exp(x - largest))`.
    fn log_sum_exp(x: &[Self]) -> (Self, Self) {
        plain::log_sum_exp(x)
    }
    /// `x` becomes `(x - center) · scale · weight + bias`: the center is the mean or zero, the scale one by the root
    /// of the mean square distance from it, to which `epsilon` was added.
    fn norm(x: &mut [Self], weight: &[Self], bias: Option<&[Self]>, epsilon: f64, centered: bool) {
        plain::norm(x, weight, bias, epsilon, centered);
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
}

impl Element for bool {}

macro_rules! integer { ($($sum:ident: $($t:ident)*;)*) => {$($(
    impl Element for $t {}
    impl Number for $t {
        type Sum = $sum;
        fn is_nan(self) -> bool { false }
        fn widen(self) -> $sum { self as $sum }
        fn narrow(sum: $sum) -> $t { sum as $t }
        fn binary(op: Binary, x: $t, y: $t) -> $t {
            match op {
                Binary::Add => x.wrapping_add(y),
                Binary::Sub => x.wrapping_sub(y),
                Binary::Mul => x.wrapping_mul(y),
                Binary::Div if y == 0 => 0,
                Binary::Div => x.wrapping_div(y),
                Binary::Max => x.max(y),
                Binary::Min => x.min(y),
            }
        }
        fn to_value(self) -> Value { Value::Integer(self as i128) }
        fn from_value(wide: Value) -> $t {
            match wide {
                Value::Integer(x) => x as $t,
                Value::Float(x) => x as $t,
            }
        }
    }
    impl TableIndex for $t {
        fn row(self) -> usize { self.to_usize().unwrap_or(usize::MAX) }
    }
)*)*} }

macro_rules! same_sum {
    () => {
        fn widen(self) -> Self {
            self
        }
        fn narrow(sum: Self) -> Self {
            sum
        }
    };
}

macro_rules! float_operations {
    ($wide:ident => $from:expr) => {
        fn is_nan(self) -> bool {
            Self::is_nan(self)
        }
        fn binary(op: Binary, x: Self, y: Self) -> Self {
            match op {
                Binary::Add => x + y,
                Binary::Sub => x - y,
                Binary::Mul => x * y,
                Binary::Div => x / y,
                Binary::Max if x > y || x.is_nan() => x,
                Binary::Min if x < y || x.is_nan() => x,
                Binary::Max | Binary::Min => y,
            }
        }
        fn to_value(self) -> Value {
            Value::Float(self.into())
        }
        fn from_value(wide: Value) -> Self {
            match wide {
                Value::Integer($wide) => $from,
                Value::Float($wide) => $from,
            }
        }
    };
}

macro_rules! real { ($($t:ident $erf:ident { $($product:tt)* } { $($kernels:tt)* })*) => {$(
    impl Element for $t {}
    impl Number for $t {
        type Sum = $t;
        same_sum! {}
        float_operations! { wide => wide as $t }

        $($product)*
    }
    impl Float for $t {
        type Wide = $t;
        fn widened(self) -> $t { self }
        fn rounded(wide: $t) -> $t { wide }
        fn all_widened(elements: &[$t]) -> Cow<'_, [$t]> { Cow::Borrowed(elements) }
        fn all_rounded(elements: Vec<$t>) -> Vec<$t> { elements }
        fn calculate(elements: &mut [$t], f: impl FnOnce(&mut [$t])) { f(elements) }
    }
    impl Real for $t {
        fn erf(self) -> $t { libm::$erf(self) }
        fn constant(value: f64) -> $t { value as $t }
        $($kernels)*
    }
)*} }

macro_rules! narrow_float { ($($t:ident)*) => {$(
    impl Element for $t {}
    impl Number for $t {
        type Sum = f32;
        fn widen(self) -> f32 { self.into() }
        fn narrow(sum: f32) -> $t { $t::from_f32(sum) }
        fn add_product(
            size: [usize; 3],
            a: &[$t],
            a_strides: [usize; 2],
            b: &[$t],
            b_strides: [usize; 2],
            c: &mut [$t],
        ) {
            let [m, k, n] = size;
            if !has_terms(size, [a_strides, b_strides], [a.len(), b.len(), c.len()]) {
                return;
            }
            // No more than the matrices is converted: other matrices may stand behind them.
            let part = |x: &[$t], size, strides| $t::all_widened(&x[..span(size, strides).unwrap_or(0)]).into_owned();
            let (a, b) = (part(a, [m, k], a_strides), part(b, [k, n], b_strides));
            let mut wide = $t::all_widened(c).into_owned();
            f32::add_product(size, &a, a_strides, &b, b_strides, &mut wide);
            c.copy_from_slice(&$t::all_rounded(wide));
        }
        float_operations! { wide => $t::from_f64(wide as f64) }
    }
    impl Float for $t {
        type Wide = f32;
        fn widened(self) -> f32 { self.into() }
        fn rounded(wide: f32) -> $t { $t::from_f32(wide) }
        fn widen_all(elements: &[$t], wide: &mut [f32]) {
            elements.convert_to_f32_slice(wide);
        }
        fn all_widened(elements: &[$t]) -> Cow<'_, [f32]> { elements.iter().map(|x| x.widened()).collect() }
        fn all_rounded(elements: Vec<f32>) -> Vec<$t> { elements.into_iter().map($t::rounded).collect() }
        fn calculate(elements: &mut [$t], f: impl FnOnce(&mut [f32])) {
            let mut wide = $t::all_widened(elements).into_owned();
            f(&mut wide);
            elements.copy_from_slice(&$t::all_rounded(wide));
        }
    }
)*} }

integer! {
    i64: i8 i16 i32 i64 u8 u16 u32;
    u64: u64;
    usize: usize;
}
real! {
    f32 erff {
        fn add_product(
            size: [usize; 3],
            a: &[f32],
            a_strides: [usize; 2],
            b: &[f32],
            b_strides: [usize; 2],
            c: &mut [f32],
        ) {
            if has_terms(size, [a_strides, b_strides], [a.len(), b.len(), c.len()]) {
                let (a, b) = (Matrix { elements: a, strides: a_strides }, Matrix { elements: b, strides: b_strides });
                simd::add_product(size, a, b, c);
            }
        }
    } {
        fn unary(op: Unary, x: &mut [f32]) {
            if !simd::unary(op, x) {
                plain::unary(op, x);
            }
        }
        fn softmax(x: &mut [f32]) {
            simd::softmax(x);
        }
        fn log_sum_exp(x: &[f32]) -> (f32, f32) {
            simd::log_sum_exp(x)
        }
        fn norm(x: &mut [f32], weight: &[f32], bias: Option<&[f32]>, epsilon: f64, centered: bool) {
            simd::norm(x, weight, bias, epsilon as f32, centered);
        }
        fn attend(block: &Block<'_, f32>, out: &mut [f32]) -> bool {
            simd::attend(block, out)
        }
    }
    f64 erf {
        #[cfg(all(feature = "matrixmultiply", not(miri)))]
        fn add_product(
            size: [usize; 3],
            a: &[f64],
            a_strides: [usize; 2],
            b: &[f64],
            b_strides: [usize; 2],
            c: &mut [f64],
        ) {
            let [m, k, n] = size;
            if !has_terms(size, [a_strides, b_strides], [a.len(), b.len(), c.len()]) {
                return;
            }
            // The stride of an axis of size 1 may be anything, and is not used.
            let stride = |size: usize, stride: usize| if size == 1 { 0 } else { stride as isize };
            let [ars, acs] = [stride(m, a_strides[0]), stride(k, a_strides[1])];
            let [brs, bcs] = [stride(k, b_strides[0]), stride(n, b_strides[1])];
            // SAFETY: `has_terms` asserts that every element of the three matrices lies inside its slice,
            // and `c` is borrowed mutably, so that it overlaps neither `a` nor `b`.
            unsafe {
                matrixmultiply::dgemm(
                    m, k, n, 1.0, a.as_ptr(), ars, acs, b.as_ptr(), brs, bcs, 1.0, c.as_mut_ptr(), n as isize, 1,
                );
            }
        }
    } {}
}
narrow_float! { f16 bf16 }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_becomes_the_nearest_float() {
        // Rounded to double precision first, it would become another.
        let x = (1i64 << 60) + (1 << 36) + 1;
        assert_eq!(f32::from_value(x.to_value()), x as f32);
    }

    #[test]
    fn a_product_beyond_its_buffers_is_refused() {
        let product = |size, strides| {
            std::panic::catch_unwind(|| f32::add_product(size, &[1.0; 4], strides, &[1.0; 4], [1, 1], &mut [0.0; 4]))
        };
        assert!(product([2, 2, 2], [2, 1]).is_ok());
        assert!(product([3, 1, 1], [2, 1]).is_err());
        assert!(product([3, 1, 1], [1 << (usize::BITS - 1), 1]).is_err());
        assert!(product([1 << (usize::BITS / 2), 1, 1 << (usize::BITS / 2)], [0, 0]).is_err());
    }
}
