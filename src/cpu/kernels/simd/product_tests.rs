//! Products of every type beside sums of double precision, at every level of instructions.

use super::blocked::Factor;
use super::level::{Level, tested_levels};
use super::matmul::{linear_at, multiply_at};
use crate::backend::{Epilogue, Number, Unary, Value};
use crate::cpu::kernels::matrix::{Matrix, Weight};
use crate::cpu::threads;
use half::{bf16, f16};

fn random<T: Number>(len: usize, seed: u64) -> Vec<T> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..len).map(|_| T::from_value(Value::Float(rng.f64() * 2.0 - 1.0))).collect()
}

fn wide<T: Number>(x: T) -> f64 {
    match x.to_value() {
        Value::Float(x) => x,
        other => panic!("{other:?}"),
    }
}

/// The largest relative error of a number that was rounded to this type.
trait Rounded: Factor {
    const ROUNDING: f64;
    /// The level of the matrix unit that multiplies them by it: at the others they are multiplied by vectors, as below it.
    const BY_UNIT: &str;
}

macro_rules! rounded { ($($t:ident: $digits:literal, $by_unit:literal;)*) => {$(
    impl Rounded for $t {
        const ROUNDING: f64 = 1.0 / (1u64 << $digits) as f64;
        const BY_UNIT: &str = $by_unit;
    }
)*} }
rounded! { f32: 24, "amx, of f32 too"; f64: 53, ""; f16: 11, ""; bf16: 8, "amx"; }

/// The levels that multiply these numbers in ways of their own.
fn levels_of<T: Rounded>() -> impl Iterator<Item = (&'static str, Level)> {
    tested_levels().into_iter().filter(|(name, _)| !name.starts_with("amx") || *name == T::BY_UNIT)
}

/// The error of one addition of those that are done in the wide type.
fn of_sums<T: Rounded>() -> f64 {
    if size_of::<T::Wide>() == 8 { f64::ROUNDING } else { f32::ROUNDING }
}

fn matrix<T>(elements: &[T], strides: [usize; 2]) -> Matrix<'_, T> {
    Matrix { elements, strides }
}

fn transposed<T: Copy>(x: &[T], [rows, columns]: [usize; 2]) -> Vec<T> {
    (0..rows * columns).map(|i| x[i % rows * columns + i / rows]).collect()
}

/// For each element of a product its sum in double precision, and the sum of the magnitudes.
fn sums<T: Number>([m, k, n]: [usize; 3], a: Matrix<'_, T>, b: Matrix<'_, T>) -> Vec<(f64, f64)> {
    let of = |x: Matrix<'_, T>, [rows, columns]: [usize; 2]| -> Vec<f64> {
        let all = (0..rows).flat_map(|i| (0..columns).map(move |j| i * x.strides[0] + j * x.strides[1]));
        all.map(|at| wide(x.elements[at])).collect()
    };
    let (a, b, mut sums) = (of(a, [m, k]), of(b, [k, n]), vec![(0.0, 0.0); m * n]);
    for (i, sums) in sums.chunks_mut(n).enumerate() {
        for l in 0..k {
            for (j, (sum, size)) in sums.iter_mut().enumerate() {
                let term: f64 = a[i * k + l] * b[l * n + j];
                (*sum, *size) = (*sum + term, *size + term.abs());
            }
        }
    }
    sums
}

fn check<T: Rounded>(sizes: &[[usize; 3]]) {
    for &[m, k, n] in sizes {
        let (a, b, before) = (random::<T>(m * k, 1), random::<T>(k * n, 2), random::<T>(m * n, 3));
        let (a_transposed, b_transposed) = (transposed(&a, [m, k]), transposed(&b, [k, n]));
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
        // Miri takes long for a large one.
        let count = if cfg!(miri) && k * n > 60 { 2 } else { pairs.len() };
        for (a, b) in pairs.into_iter().take(count) {
            let expected = sums([m, k, n], a, b);
            for (name, level) in levels_of::<T>() {
                let mut found = before.clone();
                multiply_at(level, [m, k, n], a, b, &mut found);
                for (found, (sum, size)) in found.into_iter().zip(&expected) {
                    // Each of the additions rounds by half a place at most: equal terms, all the same way. Of double
                    // precision, those of the expected sum do too.
                    let allowed = 2.0 * of_sums::<T>() * (k + 2) as f64 * (size + 1.0) + T::ROUNDING * sum.abs();
                    let found = wide(found);
                    assert!((found - sum).abs() <= allowed, "{name}, {m} {k} {n}: {found} for {sum}");
                }
            }
        }
    }
}

fn sizes() -> Vec<[usize; 3]> {
    if cfg!(miri) {
        return vec![[1, 1, 1], [3, 0, 2], [5, 2, 17], [13, 3, 9], [1, 131, 33], [13, 67, 1]];
    }
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
        [3, 4099, 33],
        [6, 2101, 33],
        [1, 131, 33],
        [13, 67, 1],
        [7, 2101, 1],
        [21, 70, 20],
        [20, 64, 20],
        [12, 200, 20],
        [13, 51, 12],
        [17, 131, 4],
    ]);
    sizes
}

#[test]
fn products_of_single_precision_agree_at_every_size() {
    check::<f32>(&sizes());
}

#[test]
fn products_of_double_precision_agree_at_every_size() {
    check::<f64>(&sizes());
}

#[test]
fn products_of_half_precision_agree_at_every_size() {
    check::<f16>(&sizes());
    check::<bf16>(&sizes());
}

/// What `CONGRUENT_SIMD=avx512` and `neon` are there for.
#[test]
#[cfg_attr(miri, ignore)] // It has no such level.
fn numbers_below_the_normal_ones_are_zero_in_pairs_alone() {
    for (m, [k, n]) in [(1, [64, 70]), (5, [64, 70])] {
        let (a, b) = (vec![bf16::from_f32(2f32.powi(-130)); m * k], vec![bf16::from_f32(2f32.powi(20)); k * n]);
        for (name, level) in tested_levels() {
            let mut found = before_nan::<bf16>(m * n);
            multiply_at(level, [m, k, n], matrix(&a, [k, 1]), matrix(&b, [n, 1]), &mut found);
            let in_pairs = name.ends_with("bf16") || name.starts_with("amx");
            let expected = if in_pairs { 0.0 } else { 2f32.powi(-130 + 20 + 6) };
            assert!(found.iter().all(|found| found.to_f32() == expected), "{name}: {} for {expected}", found[0]);
        }
    }
}

fn gelu_tanh(x: f64) -> f64 {
    x / (1.0 + (-2.0 * (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).exp())
}

fn check_linear<T: Rounded>() {
    let sizes = if cfg!(miri) {
        vec![[5, 3, 9], [5, 6, 9]]
    } else {
        vec![[5, 3, 9], [2, 70, 40], [300, 20, 100], [17, 600, 33], [6, 4100, 33]]
    };
    for [m, k, n] in sizes {
        let (x, weight) = (random::<T>(m * k, 1), random::<T>(k * n, 2));
        let (bias, residual) = (random::<T>(n, 3), random::<T>(m * n, 4));
        let (x, weight) = (matrix(&x, [k, 1]), matrix(&weight, [1, k]));
        for (name, level) in levels_of::<T>() {
            for choice in 0..8 {
                let after = Epilogue {
                    bias: (choice & 1 == 1).then_some(&bias[..]),
                    activation: (choice & 2 == 2).then_some(Unary::GeluTanh),
                    residual: (choice & 4 == 4).then_some(&residual[..]),
                };
                let mut found = before_nan::<T>(m * n);
                linear_at(level, [m, k, n], x, Weight { matrix: weight, buffer: None }, after, &mut found);
                for (at, found) in found.into_iter().enumerate() {
                    let (i, j) = (at / n, at % n);
                    let terms = (0..k).map(|l| wide(x.elements[i * k + l]) * wide(weight.elements[j * k + l]));
                    let (product, size) =
                        terms.fold((0.0, 0.0), |(sum, size): (f64, f64), x| (sum + x, size + x.abs()));
                    let biased = product + after.bias.map_or(0.0, |bias| wide(bias[j]));
                    let activated = if after.activation.is_some() { gelu_tanh(biased) } else { biased };
                    let expected = activated + after.residual.map_or(0.0, |residual| wide(residual[at]));
                    // The slope of the activation is at most 1.13.
                    let allowed = 2.5 * of_sums::<T>() * (k + 8) as f64 * (size + 2.0) + T::ROUNDING * expected.abs();
                    let found = wide(found);
                    assert!((found - expected).abs() <= allowed, "{name}, {m} {k} {n}: {found} for {expected}");
                }
            }
        }
    }
}

/// What a result holds before it is written.
fn before_nan<T: Number>(len: usize) -> Vec<T> {
    vec![T::from_value(Value::Float(f64::NAN)); len]
}

#[test]
fn a_linear_map_is_a_product_and_what_follows() {
    check_linear::<f32>();
    check_linear::<f64>();
    check_linear::<f16>();
    check_linear::<bf16>();
}

/// A row is the same, bit for bit, alone and in a batch, and with other threads.
fn check_rows<T: Rounded>() {
    let sizes =
        if cfg!(miri) { vec![[5, 130, 33]] } else { vec![[7, 40, 30], [9, 131, 67], [130, 2100, 80], [40, 300, 1040]] };
    for [m, k, n] in sizes {
        let (a, b) = (random::<T>(m * k, 1), random::<T>(k * n, 2));
        let b_transposed = transposed(&b, [k, n]);
        for (name, level) in levels_of::<T>() {
            for b in [matrix(&b, [n, 1]), matrix(&b_transposed, [1, k])] {
                let rows = |first: usize, rows: usize| {
                    let mut c = before_nan::<T>(rows * n);
                    multiply_at(level, [rows, k, n], matrix(&a[first * k..], [k, 1]), b, &mut c);
                    c.into_iter().map(wide).collect::<Vec<_>>()
                };
                let all = rows(0, m);
                let parts = [(0, 1), (m - 1, 1), (1, 2), (0, 4), (0, 5)];
                for (first, count) in parts.into_iter().take(if cfg!(miri) { 1 } else { 5 }) {
                    assert_eq!(rows(first, count), all[first * n..][..count * n], "{name}, {m} {k} {n}: {count} rows");
                }
                if !cfg!(miri) {
                    for count in [1, 2, 3] {
                        assert_eq!(threads::with(count, || rows(0, m)), all, "{name}: {count} threads");
                    }
                }
            }
        }
    }
}

#[test]
fn a_row_is_the_same_alone_and_among_others() {
    if !cfg!(miri) {
        check_rows::<f32>();
        check_rows::<f16>();
    }
    check_rows::<f64>();
    check_rows::<bf16>();
}
