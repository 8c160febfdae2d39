//! The types that are elements.

use super::Binary;
use super::element::{Float, Number, OfFloat, Real, Value};
use super::rounding::to_odd;
use half::{bf16, f16};
use num_traits::Num;

/// What a division by `y` that is rounded down leaves, of what one that is cut off leaves.
fn rounded_down<T: Num + PartialOrd + Copy>(left: T, y: T) -> T {
    let (zero, differs) = (T::zero(), (left < T::zero()) != (y < T::zero()));
    if left != zero && differs { left + y } else { left }
}

macro_rules! integer { ($($sum:ident: $($t:ident)*;)*) => {$($(
    impl Number for $t {
        type Sum = $sum;
        fn is_nan(self) -> bool { false }
        fn widen(self) -> $sum { self as $sum }
        fn narrow(sum: $sum) -> $t { sum as $t }
        #[inline]
        fn binary(op: Binary, x: $t, y: $t) -> $t {
            match op {
                Binary::Add => x.wrapping_add(y),
                Binary::Sub => x.wrapping_sub(y),
                Binary::Mul => x.wrapping_mul(y),
                Binary::Div if y == 0 => 0,
                Binary::Div => x.wrapping_div(y),
                Binary::Max => x.max(y),
                Binary::Min => x.min(y),
                // By squares.
                Binary::Pow => match u64::try_from(y) {
                    Ok(y) => (0..u64::BITS - y.leading_zeros()).rev().fold(1, |power: $t, bit| {
                        let square = power.wrapping_mul(power);
                        if y >> bit & 1 == 1 { square.wrapping_mul(x) } else { square }
                    }),
                    // One by a power.
                    Err(_) if x == 1 || x.wrapping_add(1) == 0 => if y % 2 == 0 { 1 } else { x },
                    Err(_) => 0,
                },
                Binary::Fmod | Binary::Remainder if y == 0 => x,
                Binary::Fmod => x.wrapping_rem(y),
                Binary::Remainder => rounded_down(x.wrapping_rem(y), y),
            }
        }
        fn to_value(self) -> Value { Value::Integer(self as i128) }
        fn from_value(wide: Value) -> $t {
            match wide {
                Value::Integer(x) => x as $t,
                Value::Float(x) => x as $t,
            }
        }
        fn if_float<F: OfFloat<$t>>(_: F) -> Option<F::Output> { None }
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
        float_operations! {}
        fn from_value(wide: Value) -> Self {
            match wide {
                Value::Integer($wide) => $from,
                Value::Float($wide) => $from,
            }
        }
    };
    () => {
        fn is_nan(self) -> bool {
            Self::is_nan(self)
        }
        // Loops over columns call it for each.
        #[inline]
        fn binary(op: Binary, x: Self, y: Self) -> Self {
            match op {
                Binary::Add => x + y,
                Binary::Sub => x - y,
                Binary::Mul => x * y,
                Binary::Div => x / y,
                Binary::Max if x > y || x.is_nan() => x,
                Binary::Min if x < y || x.is_nan() => x,
                Binary::Max | Binary::Min => y,
                Binary::Pow => Self::narrow(x.widen().powf(y.widen())),
                Binary::Fmod => x % y,
                Binary::Remainder => rounded_down(x % y, y),
            }
        }
        fn to_value(self) -> Value {
            Value::Float(self.into())
        }
        fn if_float<F: OfFloat<Self>>(f: F) -> Option<F::Output> {
            Some(f.call())
        }
    };
}

macro_rules! real { ($($t:ident $erf:ident;)*) => {$(
    impl Number for $t {
        type Sum = $t;
        same_sum! {}
        float_operations! { wide => wide as $t }
    }
    #[diagnostic::do_not_recommend]
    impl Float for $t {
        type Wide = $t;
        #[inline]
        fn widened(self) -> $t { self }
        #[inline]
        fn rounded(wide: $t) -> $t { wide }
    }
    impl Real for $t {
        fn erf(self) -> $t { libm::$erf(self) }
        fn round_ties_even(self) -> $t { self.round_ties_even() }
        fn constant(value: f64) -> $t { value as $t }
    }
)*} }

macro_rules! narrow_float { ($($t:ident)*) => {$(
    impl Number for $t {
        type Sum = f32;
        fn widen(self) -> f32 { self.into() }
        fn narrow(sum: f32) -> $t { $t::from_f32(sum) }
        float_operations! {}
        fn from_value(wide: Value) -> $t { $t::from_f32(to_odd(wide)) }
    }
    #[diagnostic::do_not_recommend]
    impl Float for $t {
        type Wide = f32;
        #[inline]
        fn widened(self) -> f32 { self.into() }
        fn rounded(wide: f32) -> $t { $t::from_f32(wide) }
    }
)*} }

integer! {
    i64: i8 i16 i32 i64 u8 u16 u32;
    u64: u64;
    usize: usize;
}
real! {
    f32 erff;
    f64 erf;
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
}
