//! Every kernel beside plain loops, at every level of instructions.

use super::dispatch::*;
use super::elementwise::unary_at;
use super::level::*;
use crate::backend::Unary;
use crate::cpu::kernels::InOut;

fn random(len: usize, range: f32, seed: u64) -> Vec<f32> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..len).map(|_| (rng.f32() * 2.0 - 1.0) * range).collect()
}

/// The distance in units of the last place of the expected number.
fn distance(found: f32, expected: f64) -> f64 {
    let place = (expected.abs() as f32).max(f32::MIN_POSITIVE);
    (found as f64 - expected).abs() / (place.next_up() - place) as f64
}

type Case = (Unary, fn(f64) -> f64, f32, f64);

/// Each function, a definition of it in double precision, the numbers that it is tried on, and its error.
const FUNCTIONS: [Case; 7] = [
    (Unary::Exp, f64::exp, 86.0, 1.5),
    (Unary::Tanh, f64::tanh, 12.0, 2.0),
    (Unary::Sigmoid, |x| 1.0 / (1.0 + (-x).exp()), 80.0, 2.5),
    (Unary::Silu, |x| x / (1.0 + (-x).exp()), 80.0, 2.5),
    (Unary::Gelu, |x| x * 0.5 * libm::erfc(-x / 2f64.sqrt()), 12.0, 6.0),
    (Unary::GeluTanh, |x| gelu_tanh(x), 1.0, 3.0),
    (Unary::QuickGelu, |x| x / (1.0 + (-1.702 * x).exp()), 1.0, 3.0),
];

fn gelu_tanh(x: f64) -> f64 {
    x / (1.0 + (-2.0 * (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).exp())
}

#[test]
fn functions_are_exact() {
    for (name, level) in levels() {
        for (op, definition, range, error) in FUNCTIONS {
            for range in [range, 1.0, 1e-3] {
                let x = random(if cfg!(miri) { 50 } else { 20_000 }, range, 1);
                let mut found = x.clone();
                unary_at(level, op, InOut::in_place(&mut found));
                for (&x, found) in x.iter().zip(found) {
                    let distance = distance(found, definition(x as f64));
                    assert!(distance <= error, "{name}: {op:?}({x}) = {found}, by {distance}");
                }
            }
        }
        // Where the exponent is large, the error of the cube is multiplied by it.
        let x = random(if cfg!(miri) { 50 } else { 20_000 }, 8.0, 2);
        let mut found = x.clone();
        unary_at(level, Unary::GeluTanh, InOut::in_place(&mut found));
        for (&x, found) in x.iter().zip(found) {
            assert!((found as f64 - gelu_tanh(x as f64)).abs() <= 2.5e-7 * (x as f64).abs(), "{name}: {x} {found}");
        }
    }
}

#[test]
fn special_values_are_kept() {
    let x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 1e-40, -1e-40, f32::MAX, f32::MIN];
    for (name, level) in levels() {
        for (op, definition, ..) in FUNCTIONS {
            let mut found = x;
            unary_at(level, op, InOut::in_place(&mut found));
            assert!(found[0].is_nan(), "{name}: {op:?} of NaN is {}", found[0]);
            for (x, found) in x.into_iter().zip(found).skip(3) {
                let expected = definition(x as f64) as f32;
                let near = found == expected || (found - expected).abs() <= 1e-7;
                assert!(near, "{name}: {op:?}({x}) is {found}, not {expected}");
            }
        }
        for (op, limits) in [
            (Unary::Exp, [f32::INFINITY, 0.0]),
            (Unary::Tanh, [1.0, -1.0]),
            (Unary::Sigmoid, [1.0, 0.0]),
            (Unary::Gelu, [f32::INFINITY, 0.0]),
        ] {
            let mut found = [f32::INFINITY, f32::NEG_INFINITY];
            unary_at(level, op, InOut::in_place(&mut found));
            assert_eq!(found, limits, "{name}: {op:?}");
        }
        // Denormal results.
        let mut found = [-100.0f32, -88.0, -103.9, 88.7];
        unary_at(level, Unary::Exp, InOut::in_place(&mut found));
        for (found, x) in found.into_iter().zip([-100.0f32, -88.0, -103.9, 88.7]) {
            let x = x as f64;
            assert!((found as f64 - x.exp()).abs() <= x.exp() * 2.5e-7 + 1.5e-45, "{name}: exp({x}) = {found}");
        }
    }
}

#[test]
fn rows_agree_with_double_precision_at_every_length() {
    let lengths = (0..=70).chain([127, 128, 129, 1000]);
    for len in lengths.filter(|len| !cfg!(miri) || len % 9 == 0) {
        let (x, weight, bias) = (random(len, 5.0, 1), random(len, 2.0, 2), random(len, 2.0, 3));
        let wide = |x: &[f32]| x.iter().map(|&x| x as f64).collect::<Vec<_>>();
        let max = wide(&x).into_iter().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = wide(&x).iter().map(|x| (x - max).exp()).sum();
        for (name, level) in levels() {
            let mut found = x.clone();
            softmax_at(level, InOut::in_place(&mut found), len);
            for (found, &x) in found.iter().zip(&x) {
                let expected = (x as f64 - max).exp() / total;
                // The distance from the largest is rounded, and is an exponent: up to 10, half a place is 5e-7.
                assert!((*found as f64 - expected).abs() <= 1e-6 * expected, "{name}: {found} for {expected}");
            }
            let mut found = x.clone();
            log_softmax_at(level, InOut::in_place(&mut found), len);
            for (found, &x) in found.iter().zip(&x) {
                let expected = (x as f64 - max) - total.ln();
                // The logarithm, the distance and their difference are rounded.
                let near = (*found as f64 - expected).abs() <= 2e-7 * (expected.abs() + total.ln().max(1.0));
                assert!(near, "{name}: {found} for {expected}");
            }
            for (centered, bias) in [(true, Some(&bias)), (true, None), (false, Some(&bias)), (false, None)] {
                let mut found = x.clone();
                norm_at(level, InOut::in_place(&mut found), &weight, bias.map(|bias| &bias[..]), 1e-5, centered);
                let center = if centered { wide(&x).iter().sum::<f64>() / len as f64 } else { 0.0 };
                let square = wide(&x).iter().map(|x| (x - center).powi(2)).sum::<f64>() / len as f64;
                for (at, found) in found.into_iter().enumerate() {
                    let scaled = (x[at] as f64 - center) / (square + 1e-5).sqrt() * weight[at] as f64;
                    let expected = scaled + bias.map_or(0.0, |bias| bias[at] as f64);
                    // A short row may lie close together, and its differences lose digits.
                    let near = (found as f64 - expected).abs() <= 1e-5;
                    assert!(near, "{name}, {len}: {found} for {expected}");
                }
            }
        }
    }
}

#[test]
fn a_row_with_nothing_or_too_much_is_not_a_number() {
    for (name, level) in levels() {
        for spoiled in [[f32::NEG_INFINITY; 20], [f32::NAN; 20], [f32::INFINITY; 20]] {
            let mut row = spoiled;
            softmax_at(level, InOut::in_place(&mut row), 20);
            assert!(row.iter().all(|x| x.is_nan()), "{name}: {row:?}");
        }
        for at in [0, 5, 16, 19] {
            let mut row = [1.0; 20];
            row[at] = f32::NAN;
            softmax_at(level, InOut::in_place(&mut row), 20);
            assert!(row.iter().all(|x| x.is_nan()), "{name}: NaN at {at} gives {row:?}");
        }
    }
}
