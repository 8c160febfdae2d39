//! Normally distributed numbers, by the method of [Box and Muller (1958)](https://doi.org/10.1214/aoms/1177706645): of two numbers `u` and
//! `v`, evenly spread, `√(-2 ln u) cos 2πv`.
//!
//! Each number of the source is a function of its place alone, so that the loop has no order. The logarithm and the cosine are polynomials
//! without a branch, which the compiler takes several of at once; those of the standard library were eight times slower. Products and sums
//! are rounded one by one, never fused, so that the numbers are the same on all processors.

use super::bits::{STEP, mixed, unit};
use std::f64::consts::{LN_2, PI, SQRT_2};

/// The normally distributed numbers that follow a state of the source, each of two numbers of it.
pub(super) fn fill(state: u64, numbers: &mut [f64]) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn avx2(state: u64, numbers: &mut [f64]) {
            plain(state, numbers);
        }
        // Those of `dq` multiply integers of 64 bits.
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        fn avx512(state: u64, numbers: &mut [f64]) {
            plain(state, numbers);
        }
        if is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl") {
            // SAFETY: the processor has the instructions.
            return unsafe { avx512(state, numbers) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has the instructions.
            return unsafe { avx2(state, numbers) };
        }
    }
    plain(state, numbers);
}

#[inline(always)]
fn plain(state: u64, numbers: &mut [f64]) {
    for (i, number) in numbers.iter_mut().enumerate() {
        let first = state.wrapping_add(STEP.wrapping_mul(2 * i as u64 + 1));
        let (u, v) = (1.0 - unit(mixed(first)), unit(mixed(first.wrapping_add(STEP))));
        *number = (-2.0 * logarithm(u)).sqrt() * cosine_of_turns(v);
    }
}

/// The value of a polynomial, whose coefficients begin with that of the highest power.
#[inline(always)]
fn polynomial<const N: usize>(x: f64, coefficients: [f64; N]) -> f64 {
    coefficients.into_iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// The natural logarithm of a positive normal number, within 3 units in the last place where it is not near 0, and within 2e-16 there.
///
/// `x = 2^e m` with `m` between `√½` and `√2`, and with `s = (m - 1) / (m + 1)`, `ln m = 2 artanh s = 2 (s + s³/3 + s⁵/5 + ..)`.
#[inline(always)]
fn logarithm(x: f64) -> f64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    // An exponent as the last bits of 2^52 is a number without a conversion, which vectors of 64-bit integers do not have on all levels.
    const EXPONENT: u64 = 0x433 << 52;
    let bits = x.to_bits();
    let (m, e) = (f64::from_bits((bits & MANTISSA) | 1f64.to_bits()), f64::from_bits((bits >> 52) | EXPONENT));
    let e = e - ((1u64 << 52) + 1023) as f64;
    let (m, e) = if m > SQRT_2 { (m * 0.5, e + 1.0) } else { (m, e) };
    let s = (m - 1.0) / (m + 1.0);
    // |s| < 0.172: the first term that is left out is below 2^-57 of the sum.
    const TERMS: [f64; 10] =
        [2.0 / 21.0, 2.0 / 19.0, 2.0 / 17.0, 2.0 / 15.0, 2.0 / 13.0, 2.0 / 11.0, 2.0 / 9.0, 2.0 / 7.0, 0.4, 2.0 / 3.0];
    let square = s * s;
    e * LN_2 + (2.0 * s + s * square * polynomial(square, TERMS))
}

/// Factorials, which are all numbers of 53 bits.
const F: [f64; 18] = {
    let mut factorials = [1.0; 18];
    let mut n = 1;
    while n < 18 {
        factorials[n] = factorials[n - 1] * n as f64;
        n += 1;
    }
    factorials
};

/// The cosine of an angle in turns, from 0 to 1, within 2e-16.
#[inline(always)]
fn cosine_of_turns(v: f64) -> f64 {
    // Of a quarter turn, the nearest multiple, whose last bits are those of a number so large that it has no others.
    const WHOLE: f64 = (3u64 << 51) as f64;
    let rounded = v * 4.0 + WHOLE;
    let (quarter, bits) = (rounded - WHOLE, rounded.to_bits());
    let x = (v - quarter * 0.25) * (2.0 * PI);
    let square = x * x;
    // Those of Taylor: |x| is at most π / 4, and what is left out is below 2^-57.
    const SINE: [f64; 8] =
        [1.0 / F[17], -1.0 / F[15], 1.0 / F[13], -1.0 / F[11], 1.0 / F[9], -1.0 / F[7], 1.0 / F[5], -1.0 / F[3]];
    const COSINE: [f64; 9] =
        [1.0 / F[16], -1.0 / F[14], 1.0 / F[12], -1.0 / F[10], 1.0 / F[8], -1.0 / F[6], 1.0 / F[4], -1.0 / F[2], 1.0];
    let (sine, cosine) = (x + x * square * polynomial(square, SINE), polynomial(square, COSINE));
    let value = if bits & 1 == 0 { cosine } else { -sine };
    if bits & 2 == 0 { value } else { -value }
}

#[cfg(test)]
mod tests {
    use super::{cosine_of_turns, fill, logarithm, plain};
    use crate::Rng;
    use std::f64::consts::TAU;

    /// As those of the standard library, on all scales of what the source gives.
    #[test]
    #[cfg_attr(miri, ignore)] // It makes errors of its own in the functions of the standard library.
    fn the_functions_are_the_logarithm_and_the_cosine() {
        let mut rng = Rng::with_seed(3);
        let ends = [1.0, 1.0 - f64::EPSILON / 2.0, f64::EPSILON / 2.0, 0.5, std::f64::consts::SQRT_2 / 2.0];
        let small = (0..53).map(|power| 0.7 / 2f64.powi(power));
        for x in ends.into_iter().chain(small).chain((0..2000).map(|_| 1.0 - rng.f64())) {
            let (found, expected) = (logarithm(x), x.ln());
            assert!(
                (found - expected).abs() <= 1e-15 * expected.abs().max(1e-3),
                "ln {x} is {expected}, found {found}"
            );
        }
        let eighths = (0..8).flat_map(|n| [n as f64 / 8.0, (n as f64 / 8.0 - 1e-9).abs(), n as f64 / 8.0 + 1e-9]);
        for v in eighths.chain((0..2000).map(|_| rng.f64())) {
            let (found, expected) = (cosine_of_turns(v), (TAU * v).cos());
            // The angle of the standard library is rounded.
            assert!((found - expected).abs() <= 1e-15, "the cosine of {v} turns is {expected}, found {found}");
        }
    }

    #[test]
    fn the_numbers_depend_neither_on_instructions_nor_on_how_many_there_are() {
        let (mut numbers, mut by_plain, mut apart) = ([0.0; 37], [0.0; 37], [0.0; 37]);
        fill(5, &mut numbers);
        plain(5, &mut by_plain);
        assert_eq!(numbers, by_plain);
        let mut rng = Rng::with_seed(5);
        let (first, rest) = apart.split_at_mut(13);
        rng.fill_normal(first);
        rng.fill_normal(rest);
        assert_eq!(numbers, apart);
        // Two numbers of the source make one.
        let mut source = Rng::with_seed(5);
        for _ in 0..2 * 37 {
            source.u64();
        }
        assert_eq!(source.seed(), rng.seed());
    }

    /// Mean, variance and fourth moment of a million numbers, within five of their standard errors.
    #[test]
    fn the_numbers_are_normal() {
        let mut numbers = vec![0.0; if cfg!(miri) { 1000 } else { 1_000_000 }];
        fill(1, &mut numbers);
        let count = numbers.len() as f64;
        let moment = |power| numbers.iter().map(|x: &f64| x.powi(power)).sum::<f64>() / count;
        for (power, expected, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
            let error: f64 = moment(power) - expected;
            assert!(error.abs() < 5.0 * f64::sqrt(variance / count), "moment {power} is off by {error}");
        }
    }
}
