//! Rounding of wide numbers to narrow ones.

use super::Value;

/// The number as an `f32`: where it is none, the odd one of the two on either side (Boldo and Melquiond 2008,
/// <https://doi.org/10.1109/TC.2007.70819>). Rounded again, to the nearest number with at least two bits less, it becomes what
/// the number itself would: no tie stands there that was none.
pub fn to_odd(x: Value) -> f32 {
    let (near, is_exact, is_beyond) = match x {
        Value::Integer(x) => (x as f32, (x as f32) as i128 == x, (x as f32).abs() as i128 > x.saturating_abs()),
        Value::Float(x) => (x as f32, (x as f32) as f64 == x || x.is_nan(), ((x as f32) as f64).abs() > x.abs()),
    };
    match near.to_bits() {
        bits if is_exact || bits & 1 == 1 => near,
        // Of infinity too: below it is the largest number.
        bits if is_beyond => f32::from_bits(bits - 1),
        bits => f32::from_bits(bits + 1),
    }
}

#[cfg(test)]
mod tests {
    use crate::backend::{Number, Value};
    use half::{bf16, f16};

    /// Each pair of neighbours, what stands between them and what lies beside that: exact in `f64`.
    fn rounds_to_the_nearest<T: Number + std::fmt::Display>(from_bits: fn(u16) -> T, infinity: u16) {
        let cast = |x: f64| T::from_value(Value::Float(x));
        for low in (0..infinity).step_by(if cfg!(miri) { 1009 } else { 1 }) {
            let (lower, upper) = (from_bits(low), from_bits(low + 1));
            let (x, before) = (lower.to_f64().unwrap(), from_bits(low.saturating_sub(1)).to_f64().unwrap());
            // Infinity stands for the number that would follow the largest.
            let next = if low + 1 == infinity { x + (x - before) } else { upper.to_f64().unwrap() };
            let (middle, even) = ((x + next) / 2.0, if low % 2 == 0 { lower } else { upper });
            let minus = T::zero() - T::one();
            for (x, expected) in [(x, lower), (middle.next_down(), lower), (middle, even), (middle.next_up(), upper)] {
                assert_eq!(cast(x), expected, "{x:e}");
                assert_eq!(cast(-x), minus * expected, "-{x:e}");
                let whole = x.trunc() as i128;
                if x.trunc() == x && whole < 1 << 64 {
                    assert_eq!(T::from_value(Value::Integer(whole)), expected, "{whole}");
                    assert_eq!(T::from_value(Value::Integer(-whole)), minus * expected, "-{whole}");
                }
            }
            // An integer beside the middle may be nearer to it than any `f64`.
            if middle.trunc() == middle && (2.0..2f64.powi(63)).contains(&middle) {
                let middle = middle as i128;
                assert_eq!(T::from_value(Value::Integer(middle - 1)), lower, "{middle} - 1");
                assert_eq!(T::from_value(Value::Integer(middle + 1)), upper, "{middle} + 1");
            }
        }
        assert!(
            cast(f64::NAN).is_nan() && cast(f64::MAX) == from_bits(infinity) && cast(f64::MIN_POSITIVE) == T::zero()
        );
    }

    #[test]
    fn every_number_becomes_the_nearest_half() {
        rounds_to_the_nearest(f16::from_bits, 0x7c00);
        rounds_to_the_nearest(bf16::from_bits, 0x7f80);
    }

    #[test]
    fn f32_becomes_the_half_that_it_does_elsewhere() {
        let mut rng = fastrand::Rng::with_seed(1);
        for _ in 0..if cfg!(miri) { 50 } else { 1_000_000 } {
            let x = f32::from_bits(rng.u32(..));
            let (narrow, brain) = (f16::from_value(x.to_value()), bf16::from_value(x.to_value()));
            assert!(x.is_nan() && narrow.is_nan() || narrow.to_bits() == f16::from_f32(x).to_bits(), "{x:e}");
            assert!(x.is_nan() && brain.is_nan() || brain.to_bits() == bf16::from_f32(x).to_bits(), "{x:e}");
        }
    }
}
