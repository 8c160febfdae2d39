//! What a tensor may hold.

use half::{bf16, f16};
use num_traits::{Bounded, Num, NumCast, ToPrimitive};
use std::fmt::Debug;

/// A value that a tensor may hold.
pub trait Element: Copy + Debug + PartialEq + Send + Sync {}

/// An element that can be calculated with.
pub trait Number: Element + Num + NumCast + PartialOrd + Bounded {
    /// The type in which sums of it are kept: wider where it is narrow.
    type Sum: Number;
    /// Whether it is not a number. Never true of integers.
    fn is_nan(self) -> bool;
    /// To the type of sums.
    fn widen(self) -> Self::Sum;
    /// From the type of sums, rounded.
    fn narrow(sum: Self::Sum) -> Self;
}

/// A floating-point number. Narrow ones are calculated with in `f32`.
pub trait Float: Number<Sum: num_traits::Float + Float> {}

/// An element that names a row of a table.
pub trait TableIndex: Element {
    /// The row.
    fn row(self) -> usize;
}

impl Element for bool {}

macro_rules! number {
    ($($t:ty => $sum:ty, $nan:expr, $widen:expr, $narrow:expr;)*) => {$(
        impl Element for $t {}
        impl Number for $t {
            type Sum = $sum;
            fn is_nan(self) -> bool { $nan(self) }
            fn widen(self) -> $sum { $widen(self) }
            fn narrow(sum: $sum) -> $t { $narrow(sum) }
        }
    )*};
    ($($t:ty)*) => { number! {$( $t => $t, |_| false, |x| x, |x| x; )*} };
}

number! { i8 i16 i32 i64 u8 u16 u32 u64 usize }
number! {
    f32 => f32, f32::is_nan, |x| x, |x| x;
    f64 => f64, f64::is_nan, |x| x, |x| x;
    f16 => f32, f16::is_nan, f32::from, f16::from_f32;
    bf16 => f32, bf16::is_nan, f32::from, bf16::from_f32;
}

impl Float for f32 {}
impl Float for f64 {}
impl Float for f16 {}
impl Float for bf16 {}

macro_rules! table_index { ($($t:ty)*) => {$(
    impl TableIndex for $t {
        fn row(self) -> usize { self.to_usize().unwrap_or(usize::MAX) }
    }
)*} }
table_index! { u8 u16 u32 u64 usize }
