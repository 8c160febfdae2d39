//! Tests of rows, at every level.

use super::super::dispatch::{norm_at, norm_backward_at, reduce_at, softmax_at};
use super::super::level::{Level, levels};
use super::*;
use crate::cpu::kernels::InOut;

fn random(len: usize, seed: u64) -> Vec<f32> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..len).map(|_| rng.f32() * 10.0 - 5.0).collect()
}

/// Lengths of rows, and how many of them.
fn sizes() -> impl Iterator<Item = (usize, usize)> {
    let lengths = (1..=70).chain([127, 128, 129, 1000, 2100]);
    let some = lengths.filter(|len| !cfg!(miri) || [3, 35].contains(len));
    some.flat_map(|len| [1, 2, 3, 8, 9, 11].map(|count| (count, len))).filter(|(count, _)| !cfg!(miri) || *count == 11)
}

const REDUCTIONS: [Reduce; 5] = [Reduce::Sum, Reduce::Mean, Reduce::Variance, Reduce::Max, Reduce::Min];

fn reduced(level: Level, op: Reduce, x: &[f32], size: usize) -> Vec<f32> {
    let mut out = vec![7.0; x.len() / size];
    reduce_at(level, op, x, size, &mut out);
    out
}

#[test]
fn a_row_does_not_depend_on_its_neighbours() {
    for (name, level) in levels() {
        for (count, size) in sizes() {
            let (x, weight) = (random(count * size, 1), random(size, 2));
            let mut found = vec![7.0; x.len()];
            softmax_at(level, InOut::new(&x, &mut found), size);
            for (x, found) in x.chunks(size).zip(found.chunks(size)) {
                let mut alone = x.to_vec();
                softmax_at(level, InOut::in_place(&mut alone), size);
                assert_eq!(found, alone, "{name}: softmax {count} {size}");
            }
            norm_at(level, InOut::new(&x, &mut found), &weight, Some(&weight), 1e-5, true);
            for (x, found) in x.chunks(size).zip(found.chunks(size)) {
                let mut alone = x.to_vec();
                norm_at(level, InOut::in_place(&mut alone), &weight, Some(&weight), 1e-5, true);
                assert_eq!(found, alone, "{name}: norm {count} {size}");
            }
            for op in REDUCTIONS {
                let alone: Vec<f32> = x.chunks(size).flat_map(|row| reduced(level, op, row, size)).collect();
                assert_eq!(reduced(level, op, &x, size), alone, "{name}: {op:?} {count} {size}");
            }
        }
    }
}

#[test]
fn reductions_agree_with_double_precision() {
    for (name, level) in levels() {
        for (count, size) in sizes() {
            let x = random(count * size, 3);
            for op in REDUCTIONS {
                for (row, found) in x.chunks(size).zip(reduced(level, op, &x, size)) {
                    let wide = || row.iter().map(|&x| x as f64);
                    let total = |x: &mut dyn Iterator<Item = f64>| x.sum::<f64>();
                    let mean = total(&mut wide()) / size as f64;
                    let (expected, scale) = match op {
                        Reduce::Sum => (mean * size as f64, total(&mut wide().map(f64::abs))),
                        Reduce::Mean => (mean, total(&mut wide().map(f64::abs)) / size as f64),
                        Reduce::Variance => (total(&mut wide().map(|x| (x - mean).powi(2))) / size as f64, 25.0),
                        Reduce::Max => (wide().fold(f64::NEG_INFINITY, f64::max), 0.0),
                        Reduce::Min => (wide().fold(f64::INFINITY, f64::min), 0.0),
                    };
                    // At most 32 numbers follow each other in a lane, and four times two lanes are added: each
                    // addition rounds by 6e-8 at most, and most of them cancel out.
                    let near = (found as f64 - expected).abs() <= 3e-7 * scale;
                    assert!(near, "{name}, {count} {size}: {op:?} {found} for {expected}");
                }
            }
        }
    }
}

#[test]
fn reductions_of_special_values() {
    let infinite = [f32::NEG_INFINITY; 20];
    for (name, level) in levels() {
        for at in [0, 5, 16, 19] {
            let mut row = [1.0f32; 20];
            row[at] = f32::NAN;
            for op in REDUCTIONS {
                assert!(reduced(level, op, &row, 20)[0].is_nan(), "{name}: {op:?} with NaN at {at}");
            }
            row[at] = f32::INFINITY;
            assert_eq!(reduced(level, Reduce::Max, &row, 20), [f32::INFINITY], "{name}");
            assert_eq!(reduced(level, Reduce::Min, &row, 20), [1.0], "{name}");
            assert_eq!(reduced(level, Reduce::Sum, &row, 20), [f32::INFINITY], "{name}");
        }
        assert_eq!(reduced(level, Reduce::Max, &infinite, 20), [f32::NEG_INFINITY], "{name}");
        // No number but the last is as small as what a vector is filled up with elsewhere.
        assert_eq!(reduced(level, Reduce::Max, &[-3.0; 17], 17), [-3.0], "{name}");
        assert_eq!(reduced(level, Reduce::Min, &[3.0; 17], 17), [3.0], "{name}");
    }
}

#[test]
fn a_long_sum_keeps_its_digits() {
    let x = vec![0.1f32; if cfg!(miri) { 300 } else { 1_000_000 }];
    let expected = 0.1f32 as f64 * x.len() as f64;
    for (name, level) in levels() {
        let found = reduced(level, Reduce::Sum, &x, x.len())[0];
        assert!((found as f64 - expected).abs() < expected * 5e-7, "{name}: {found} for {expected}");
    }
}

/// Rows of one number, as large as numbers are.
#[test]
fn of_a_constant_row_the_distances_are_zero() {
    let numbers = [0.0, 1.0, 1000.1, -12345.678, 1000003.0, 1e10, 1e30, f32::MAX, f32::MIN_POSITIVE / 8.0];
    for (name, level) in levels() {
        for size in [1, 17, 384, 4097].into_iter().filter(|size| !cfg!(miri) || *size < 20) {
            for x in numbers {
                let row = vec![x; 2 * size];
                assert_eq!(
                    reduced(level, Reduce::Variance, &row, size),
                    [0.0; 2],
                    "{name}: variance of {size} times {x}"
                );
                let (weight, bias) = (random(size, 1), random(size, 2));
                let mut found = vec![7.0; row.len()];
                norm_at(level, InOut::new(&row, &mut found), &weight, Some(&bias), 1e-5, true);
                assert_eq!(found, [&bias[..], &bias].concat(), "{name}: norm of {size} times {x}");
                let (gradient, mut of_parameters) = (random(2 * size, 3), vec![0.0; 2 * size]);
                norm_backward_at(level, [&row, &weight, &gradient], 1e-5, true, &mut found, &mut of_parameters);
                assert_eq!(of_parameters[..size], vec![0.0; size], "{name}: gradient of {size} times {x}");
                assert!(found.iter().all(|x| x.is_finite()), "{name}: gradient of {size} times {x}");
            }
        }
    }
}

/// Numbers far from zero, of which the differences are exact.
#[test]
fn rows_far_from_zero_are_normed_as_in_double_precision() {
    for (name, level) in levels() {
        for size in [2, 17, 384, 4097].into_iter().filter(|size| !cfg!(miri) || *size < 20) {
            for (offset, step) in [(0.0, 1.0), (1000.0, 1.0), (1e6, 1.0), (-1e6, 0.25), (1e10, 2048.0)] {
                let mut rng = fastrand::Rng::with_seed(size as u64);
                let row: Vec<f32> = (0..size).map(|_| offset + step * rng.i32(-5..5) as f32).collect();
                let wide = || row.iter().map(|&x| f64::from(x));
                let mean = wide().sum::<f64>() / size as f64;
                let variance = wide().map(|x| (x - mean).powi(2)).sum::<f64>() / size as f64;
                let found = f64::from(reduced(level, Reduce::Variance, &row, size)[0]);
                // Each distance and each square is rounded, and at most 32 numbers follow each other in a lane.
                assert!((found - variance).abs() <= 2e-6 * variance, "{name}, {size}: {found} for {variance}");
                let mut found = vec![7.0; size];
                norm_at(level, InOut::new(&row, &mut found), &vec![1.0; size], None, 1e-5, true);
                for (x, found) in wide().zip(found) {
                    let expected = (x - mean) / (variance + 1e-5).sqrt();
                    assert!((f64::from(found) - expected).abs() < 4e-6, "{name}, {size}: {found} for {expected}");
                }
            }
        }
    }
}
