//! Kernels in vectors of the processor, chosen at run time.
//!
//! In layers, after the manner of the `memchr` crate: what a kernel needs of a vector ([`vector`]), the kernels over
//! any vector ([`math`], [`rows`], [`product`], [`attention`]), one function for each kernel and set of instructions,
//! and the safe functions of this module, which choose among them. `CONGRUENT_SIMD` forces a choice: `portable`,
//! `avx2`, `avx512` or `neon`; what the processor lacks is not chosen.

// Over arrays of vectors, iterators keep the compiler from using registers.
#![allow(clippy::needless_range_loop)]

mod attention;
mod math;
#[cfg(target_arch = "aarch64")]
mod neon;
mod pair;
mod portable;
mod product;
mod rows;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::backend::Unary;
use crate::backend::cpu::matmul::Matrix;
pub use attention::{Block, Live};
use math::Function;
use std::sync::OnceLock;

/// A set of instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What every processor has.
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

/// Those that this processor has, the best last, by the names that `CONGRUENT_SIMD` gives them.
fn levels() -> Vec<(&'static str, Level)> {
    #[allow(unused_mut)]
    let mut levels = vec![("portable", Level::Portable)];
    // Miri runs none but the portable ones.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            levels.push(("avx2", Level::Avx2));
        }
        if is_x86_feature_detected!("avx512f") {
            levels.push(("avx512", Level::Avx512));
        }
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    levels.push(("neon", Level::Neon));
    levels
}

fn level() -> Level {
    static CHOSEN: OnceLock<Level> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let levels = levels();
        let asked = std::env::var("CONGRUENT_SIMD").ok();
        let forced = levels.iter().find(|(name, _)| Some(*name) == asked.as_deref());
        forced.unwrap_or(&levels[levels.len() - 1]).1
    })
}

/// A safe function for each kernel: it takes the level first, and calls the kernel with that level's vector.
///
/// A kernel is `#[inline(always)]` down to the instructions, and hands no vector to a closure: a function of its own
/// would be compiled without the instructions of the level, and call each of them.
macro_rules! kernels { ($(
    fn $name:ident $(<$F:ident>)? ($($argument:ident: $type:ty),*) $(-> $result:ty)?
        = $module:ident::$kernel:ident;
)*) => {$(
    fn $name $(<$F: Function>)? (level: Level, $($argument: $type),*) $(-> $result)? {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2 $(<$F: Function>)? ($($argument: $type),*) $(-> $result)? {
            // SAFETY: this function has the instructions.
            unsafe { $module::$kernel::<x86::Avx2 $(, $F)?>($($argument),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f")]
        unsafe fn avx512 $(<$F: Function>)? ($($argument: $type),*) $(-> $result)? {
            // SAFETY: this function has the instructions.
            unsafe { $module::$kernel::<x86::Avx512 $(, $F)?>($($argument),*) }
        }
        match level {
            // SAFETY: plain numbers need no instructions.
            Level::Portable => unsafe { $module::$kernel::<portable::Portable $(, $F)?>($($argument),*) },
            // SAFETY: a level is chosen only where the processor has its instructions.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { avx2($($argument),*) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { avx512($($argument),*) },
            // SAFETY: every processor of the architecture has the instructions.
            #[cfg(target_arch = "aarch64")]
            Level::Neon => unsafe { $module::$kernel::<neon::Neon $(, $F)?>($($argument),*) },
        }
    }
)*} }

kernels! {
    fn map_at<F>(f: F, x: &mut [f32]) = rows::map;
    fn softmax_at(x: &mut [f32]) = rows::softmax;
    fn log_sum_exp_at(x: &[f32]) -> (f32, f32) = rows::log_sum_exp;
    fn norm_at(x: &mut [f32], weight: &[f32], bias: Option<&[f32]>, epsilon: f32, centered: bool) = rows::norm;
    fn add_product_at(size: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32]) = product::add_product;
    fn attend_at(block: &Block<'_, f32>, out: &mut [f32]) -> bool = attention::attend;
}

/// Adds `a (m, k)` times `b (k, n)` to the row-major `c (m, n)`.
///
/// # Panics
/// A matrix does not lie inside its slice.
pub fn add_product(size: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32]) {
    add_product_at(level(), size, a, b, c);
}

/// `out` becomes `softmax(scale · q · kᵀ) · v` on the live keys, zeros where a query has none. Whether all of it is
/// finite: if not, something masked may have reached it.
///
/// # Panics
/// Queries, keys, values or results do not lie inside their slices.
pub fn attend(block: &Block<'_, f32>, out: &mut [f32]) -> bool {
    attend_at(level(), block, out)
}

/// The function of each number, if there is a kernel for it.
pub fn unary(op: Unary, x: &mut [f32]) -> bool {
    unary_at(level(), op, x)
}

fn unary_at(level: Level, op: Unary, x: &mut [f32]) -> bool {
    match op {
        Unary::Exp => map_at(level, math::Exp, x),
        Unary::Tanh => map_at(level, math::Tanh, x),
        Unary::Sigmoid => map_at(level, math::Sigmoid, x),
        Unary::Silu => map_at(level, math::Silu, x),
        Unary::Gelu => map_at(level, math::Gelu, x),
        Unary::GeluTanh => map_at(level, math::GeluTanh, x),
        _ => return false,
    }
    true
}

/// `x` becomes `exp(x) / sum(exp(x))`.
pub fn softmax(x: &mut [f32]) {
    softmax_at(level(), x);
}

/// The largest number, and the logarithm of `sum(exp(x - largest))`.
pub fn log_sum_exp(x: &[f32]) -> (f32, f32) {
    log_sum_exp_at(level(), x)
}

/// `x` becomes `(x - center) · scale · weight + bias`: see [`rows::norm`].
pub fn norm(x: &mut [f32], weight: &[f32], bias: Option<&[f32]>, epsilon: f32, centered: bool) {
    norm_at(level(), x, weight, bias, epsilon, centered);
}

#[cfg(test)]
mod tests {
    use super::*;

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
    const FUNCTIONS: [Case; 6] = [
        (Unary::Exp, f64::exp, 86.0, 2.0),
        (Unary::Tanh, f64::tanh, 12.0, 3.0),
        (Unary::Sigmoid, |x| 1.0 / (1.0 + (-x).exp()), 80.0, 3.0),
        (Unary::Silu, |x| x / (1.0 + (-x).exp()), 80.0, 3.0),
        (Unary::Gelu, |x| x * 0.5 * libm::erfc(-x / 2f64.sqrt()), 12.0, 6.0),
        (Unary::GeluTanh, |x| gelu_tanh(x), 1.0, 3.0),
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
                    assert!(unary_at(level, op, &mut found));
                    for (&x, found) in x.iter().zip(found) {
                        let distance = distance(found, definition(x as f64));
                        assert!(distance <= error, "{name}: {op:?}({x}) = {found}, by {distance}");
                    }
                }
            }
            // Where the exponent is large, the error of the cube is multiplied by it.
            let x = random(if cfg!(miri) { 50 } else { 20_000 }, 8.0, 2);
            let mut found = x.clone();
            unary_at(level, Unary::GeluTanh, &mut found);
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
                unary_at(level, op, &mut found);
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
                unary_at(level, op, &mut found);
                assert_eq!(found, limits, "{name}: {op:?}");
            }
            // Denormal results.
            let mut found = [-100.0f32, -88.0, -103.9, 88.7];
            unary_at(level, Unary::Exp, &mut found);
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
                softmax_at(level, &mut found);
                for (found, &x) in found.iter().zip(&x) {
                    let expected = (x as f64 - max).exp() / total;
                    // The distance from the largest is rounded, and is an exponent: up to 10, half a place is 5e-7.
                    assert!((*found as f64 - expected).abs() <= 1e-6 * expected, "{name}: {found} for {expected}");
                }
                if len > 0 {
                    let (largest, log) = log_sum_exp_at(level, &x);
                    assert_eq!(largest as f64, max);
                    assert!((log as f64 - total.ln()).abs() <= 5e-7 * total.ln().max(1.0), "{name}: {log}");
                }
                for (centered, bias) in [(true, Some(&bias)), (true, None), (false, Some(&bias)), (false, None)] {
                    let mut found = x.clone();
                    norm_at(level, &mut found, &weight, bias.map(|bias| &bias[..]), 1e-5, centered);
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
        sizes.extend([[250, 400, 40], [3, 800, 2100], [241, 385, 65]]);
        if cfg!(miri) {
            sizes = vec![[1, 1, 1], [3, 0, 2], [5, 2, 17], [13, 3, 9]];
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
                    add_product_at(level, [m, k, n], a, b, &mut found);
                    for (at, found) in found.into_iter().enumerate() {
                        let (i, j) = (at / n, at % n);
                        let element =
                            |x: &Matrix<'_, f32>, i, l| x.elements[i * x.strides[0] + l * x.strides[1]] as f64;
                        let terms = (0..k).map(|l| element(&a, i, l) * element(&b, l, j));
                        let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()));
                        let expected = before[at] as f64 + sum;
                        // Each of the additions rounds by half a place at most: equal terms, all the same way.
                        let near = (found as f64 - expected).abs() <= 6e-8 * (k + 2) as f64 * (size + 1.0);
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
                softmax_at(level, &mut row);
                assert!(row.iter().all(|x| x.is_nan()), "{name}: {row:?}");
            }
            for at in [0, 5, 16, 19] {
                let mut row = [1.0; 20];
                row[at] = f32::NAN;
                softmax_at(level, &mut row);
                assert!(row.iter().all(|x| x.is_nan()), "{name}: NaN at {at} gives {row:?}");
            }
        }
    }
}
