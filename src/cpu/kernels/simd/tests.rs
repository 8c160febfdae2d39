//! Every kernel beside plain loops, at every level of instructions.

use super::dispatch::*;
use super::elementwise::unary_at;
use super::level::*;
use super::*;
use crate::backend::{Epilogue, Unary};
use crate::cpu::kernels::matrix::Weight;
use crate::cpu::kernels::{InOut, Matrix};

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
fn products_agree_with_double_precision_at_every_size() {
    let mut sizes: Vec<[usize; 3]> = Vec::new();
    for m in [1, 2, 5, 11, 12, 13, 25, 37] {
        for n in [1, 3, 8, 15, 16, 17, 31, 32, 33, 70] {
            sizes.extend([0, 1, 2, 7, 64].map(|k| [m, k, n]));
        }
    }
    sizes.extend([
        [250, 400, 40],
        [3, 800, 2100],
        [241, 385, 65],
        [30, 1100, 80],
        [30, 1024, 80],
        [13, 1100, 600],
        [70, 2100, 70],
        [1, 131, 33],
        [21, 70, 20],
        [20, 64, 20],
        [12, 200, 20],
        [13, 51, 12],
        [17, 131, 4],
    ]);
    if cfg!(miri) {
        sizes = vec![[1, 1, 1], [3, 0, 2], [5, 2, 17], [13, 3, 9], [1, 131, 33]];
    }
    for [m, k, n] in sizes {
        let (a, b, before) = (random(m * k, 1.0, 1), random(k * n, 1.0, 2), random(m * n, 1.0, 3));
        let transposed = |x: &[f32], rows: usize, columns: usize| -> Vec<f32> {
            (0..rows * columns).map(|i| x[i % rows * columns + i / rows]).collect()
        };
        let (a_transposed, b_transposed) = (transposed(&a, m, k), transposed(&b, k, n));
        let matrix = |elements, strides| Matrix { elements, strides };
        // As they are, transposed, and with rows or columns or both repeated.
        let pairs = [
            (matrix(&a, [k, 1]), matrix(&b, [n, 1])),
            (matrix(&a, [k, 1]), matrix(&b_transposed, [1, k])),
            (matrix(&a_transposed, [1, m]), matrix(&b, [n, 1])),
            (matrix(&a_transposed, [1, m]), matrix(&b_transposed, [1, k])),
            (matrix(&a, [0, 1]), matrix(&b, [0, 1])),
            (matrix(&a, [1, 0]), matrix(&b, [1, 0])),
            (matrix(&a, [0, 0]), matrix(&b, [0, 0])),
        ];
        for (name, level) in levels() {
            for (a, b) in pairs {
                let mut found = before.clone();
                matmul::multiply_at(level, [m, k, n], a, b, &mut found);
                for (at, found) in found.into_iter().enumerate() {
                    let (i, j) = (at / n, at % n);
                    let element = |x: &Matrix<'_, f32>, i, l| x.elements[i * x.strides[0] + l * x.strides[1]] as f64;
                    let terms = (0..k).map(|l| element(&a, i, l) * element(&b, l, j));
                    let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()));
                    let expected = sum;
                    // Each of the additions rounds by half a place at most: equal terms, all the same way.
                    let near = (found as f64 - expected).abs() <= 6e-8 * (k + 2) as f64 * (size + 1.0);
                    assert!(near, "{name}, {m} {k} {n}: {found} for {expected}");
                }
            }
        }
    }
}

#[test]
fn a_linear_map_is_a_product_and_what_follows() {
    let sizes = if cfg!(miri) {
        vec![[5, 3, 9], [5, 6, 9]]
    } else {
        vec![[5, 3, 9], [2, 70, 40], [300, 20, 100], [17, 600, 33], [6, 4100, 33]]
    };
    for [m, k, n] in sizes {
        let (x, weight) = (random(m * k, 1.0, 1), random(k * n, 1.0, 2));
        let (bias, residual) = (random(n, 1.0, 3), random(m * n, 1.0, 4));
        let matrix = |elements, strides| Matrix { elements, strides };
        let (x, weight) = (matrix(&x, [k, 1]), matrix(&weight, [1, k]));
        for (name, level) in levels() {
            let mut product = vec![0.0; m * n];
            matmul::multiply_at(level, [m, k, n], x, weight, &mut product);
            for choice in 0..8 {
                let after = Epilogue {
                    bias: (choice & 1 == 1).then_some(&bias[..]),
                    activation: (choice & 2 == 2).then_some(Unary::GeluTanh),
                    residual: (choice & 4 == 4).then_some(&residual[..]),
                };
                let mut found = vec![f32::NAN; m * n];
                let weight = Weight { matrix: weight, buffer: None };
                matmul::linear_at(level, [m, k, n], x, weight, after, &mut found);
                for (at, found) in found.into_iter().enumerate() {
                    let biased = product[at] as f64 + after.bias.map_or(0.0, |bias| bias[at % n] as f64);
                    let activated = if after.activation.is_some() { gelu_tanh(biased) } else { biased };
                    let expected = activated + after.residual.map_or(0.0, |residual| residual[at] as f64);
                    let near = (found as f64 - expected).abs() <= 1e-6 * (1.0 + expected.abs());
                    assert!(near, "{name}, {m} {k} {n}: {found} for {expected}");
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
