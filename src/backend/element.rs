//! What a tensor may hold.

use super::Binary;
use half::{bf16, f16};
use num_traits::{Bounded, Num, NumCast, ToPrimitive};
use std::borrow::Cow;
use std::fmt::Debug;

/// A value that a tensor may hold.
pub trait Element: Copy + Debug + PartialEq + Send + Sync {}

/// An element that can be calculated with. Nothing here panics: integers wrap around, and an integer
/// divided by zero is zero.
pub trait Number: Element + Num + NumCast + PartialOrd + Bounded {
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
        for i in 0..m {
            for l in 0..k {
                let x = a[i * a_strides[0] + l * a_strides[1]];
                for j in 0..n {
                    let product = Self::binary(Binary::Mul, x, b[l * b_strides[0] + j * b_strides[1]]);
                    c[i * n + j] = Self::binary(Binary::Add, c[i * n + j], product);
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
    /// All of them rounded.
    fn all_rounded(elements: Vec<Self::Wide>) -> Vec<Self>;
}

/// A floating-point number that is calculated with as it is.
pub trait Real: Number + num_traits::Float {
    /// The error function.
    fn erf(self) -> Self;
    /// A constant, rounded.
    fn constant(value: f64) -> Self;
}

/// An element that names a row of a table.
pub trait TableIndex: Element {
    /// The row.
    fn row(self) -> usize;
}

impl Element for bool {}

macro_rules! integer { ($($t:ty)*) => {$(
    impl Element for $t {}
    impl Number for $t {
        type Sum = $t;
        fn is_nan(self) -> bool { false }
        same_sum! {}
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
)*} }

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
            let $wide = match wide {
                Value::Integer(x) => x as f64,
                Value::Float(x) => x,
            };
            $from
        }
    };
}

macro_rules! real { ($($t:ident $erf:ident $gemm:ident;)*) => {$(
    impl Element for $t {}
    impl Number for $t {
        type Sum = $t;
        same_sum! {}
        float_operations! { wide => wide as $t }

        #[cfg(all(feature = "matrixmultiply", not(miri)))]
        fn add_product(
            size: [usize; 3],
            a: &[$t],
            a_strides: [usize; 2],
            b: &[$t],
            b_strides: [usize; 2],
            c: &mut [$t],
        ) {
            let [m, k, n] = size;
            if m == 0 || k == 0 || n == 0 {
                return;
            }
            assert!((m - 1) * a_strides[0] + (k - 1) * a_strides[1] < a.len(), "a matrix ends before its buffer");
            assert!((k - 1) * b_strides[0] + (n - 1) * b_strides[1] < b.len(), "a matrix ends before its buffer");
            assert!(m * n <= c.len(), "a matrix ends before its buffer");
            let [ars, acs, brs, bcs] = [a_strides[0], a_strides[1], b_strides[0], b_strides[1]].map(|s| s as isize);
            // SAFETY: the assertions above keep every element of the three matrices inside its slice,
            // and `c` is borrowed mutably, so that it overlaps neither `a` nor `b`.
            unsafe {
                matrixmultiply::$gemm(
                    m, k, n, 1.0, a.as_ptr(), ars, acs, b.as_ptr(), brs, bcs, 1.0, c.as_mut_ptr(), n as isize, 1,
                );
            }
        }
    }
    impl Float for $t {
        type Wide = $t;
        fn widened(self) -> $t { self }
        fn rounded(wide: $t) -> $t { wide }
        fn all_widened(elements: &[$t]) -> Cow<'_, [$t]> { Cow::Borrowed(elements) }
        fn all_rounded(elements: Vec<$t>) -> Vec<$t> { elements }
    }
    impl Real for $t {
        fn erf(self) -> $t { libm::$erf(self) }
        fn constant(value: f64) -> $t { value as $t }
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
            let mut wide = $t::all_widened(c).into_owned();
            f32::add_product(size, &$t::all_widened(a), a_strides, &$t::all_widened(b), b_strides, &mut wide);
            c.copy_from_slice(&$t::all_rounded(wide));
        }
        float_operations! { wide => $t::from_f64(wide) }
    }
    impl Float for $t {
        type Wide = f32;
        fn widened(self) -> f32 { self.into() }
        fn rounded(wide: f32) -> $t { $t::from_f32(wide) }
        fn all_widened(elements: &[$t]) -> Cow<'_, [f32]> { elements.iter().map(|x| x.widened()).collect() }
        fn all_rounded(elements: Vec<f32>) -> Vec<$t> { elements.into_iter().map($t::rounded).collect() }
    }
)*} }

integer! { i8 i16 i32 i64 u8 u16 u32 u64 usize }
real! { f32 erff sgemm; f64 erf dgemm; }
narrow_float! { f16 bf16 }
