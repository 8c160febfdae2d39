//! Kernels in vectors of the processor, chosen at run time.
//!
//! In layers, after the manner of the `memchr` crate: what a kernel needs of a vector ([`vector`]), functions of a vector
//! ([`math`]), the kernels over any vector ([`each`], [`rows`], [`columns`], [`narrow`], [`product`], [`attention`]), one
//! function for each kernel and set of instructions, and the safe functions of this module, which choose among them.
//! `CONGRUENT_SIMD` forces a choice: `portable`, `avx2`, `avx512` or `neon`; what the processor lacks is not chosen.

// Over arrays of vectors, iterators keep the compiler from using registers.
#![allow(clippy::needless_range_loop)]
// What quantised weights are read with.
#![cfg_attr(not(feature = "gguf"), allow(dead_code))]

mod attention;
mod backward;
mod blocks;
mod chain;
mod columns;
mod each;
mod format;
mod four_columns;
mod kept;
mod math;
mod multiply;
mod narrow;
#[cfg(target_arch = "aarch64")]
mod neon;
mod pack;
mod pair;
mod portable;
mod product;
mod rows;
mod stream;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::blocks::{Format, Rows};
use super::in_out::{InOut, Link, Operand};
use super::plain;
use crate::backend::cpu::matmul::Matrix;
use crate::backend::cpu::place::Place;
use crate::backend::{Binary, Reduce, Unary};
pub use attention::{Block, Live};
use format::Packing;
#[cfg(test)]
pub use format::tests as format_tests;
use math::{Function, Operation, Swapped, With};
pub use multiply::{linear, linear_blocks, multiplier, multiply, prepare};
pub use narrow::Narrow;
use pack::Panels;
use product::Addends;
pub use product::StaticSizes;
use std::mem::MaybeUninit;
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
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c") {
            levels.push(("avx2", Level::Avx2));
        }
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
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
    fn $name:ident $(<$F:ident: $Bound:ident>)? ($($argument:ident: $type:ty),*) $(-> $result:ty)?
        = $module:ident::$kernel:ident;
)*) => {$(
    fn $name $(<$F: $Bound>)? (level: Level, $($argument: $type),*) $(-> $result)? {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,f16c")]
        unsafe fn avx2 $(<$F: $Bound>)? ($($argument: $type),*) $(-> $result)? {
            // SAFETY: this function has the instructions.
            unsafe { $module::$kernel::<x86::Avx2 $(, $F)?>($($argument),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512vl")]
        unsafe fn avx512 $(<$F: $Bound>)? ($($argument: $type),*) $(-> $result)? {
            // SAFETY: this function has the instructions.
            unsafe { $module::$kernel::<x86::Avx512 $(, $F)?>($($argument),*) }
        }
        match level {
            // SAFETY: plain numbers need no instructions.
            Level::Portable => unsafe { $module::$kernel::<portable::Portable $(, $F)?>($($argument),*) },
            // SAFETY: a level is chosen only where the processor has its instructions.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { avx2 $(::<$F>)? ($($argument),*) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { avx512 $(::<$F>)? ($($argument),*) },
            // SAFETY: every processor of the architecture has the instructions.
            #[cfg(target_arch = "aarch64")]
            Level::Neon => unsafe { $module::$kernel::<neon::Neon $(, $F)?>($($argument),*) },
        }
    }
)*} }

kernels! {
    fn map_at<F: Function>(f: F, x: InOut<'_, f32>) = each::map;
    fn zip_at<F: Operation>(f: F, x: InOut<'_, f32>, y: &[f32]) = each::zip;
    fn chain_at(x: InOut<'_, f32>, links: &[Link<'_, f32>]) = chain::chain;
    fn softmax_at(x: InOut<'_, f32>, size: usize) = rows::softmax;
    fn log_softmax_at(x: InOut<'_, f32>, size: usize) = rows::log_softmax;
    fn log_sums_at(x: &[f32], size: usize, out: &mut [[f32; 2]]) = rows::log_sums;
    fn reduce_at(op: Reduce, x: &[f32], size: usize, out: &mut [f32]) = rows::reduce;
    fn add_rows_at(x: &[f32], size: [usize; 2], centers: Option<&[f32]>, sums: &mut [f32]) = columns::add_rows;
    fn widen_at<T: Narrow>(from: &[T], to: &mut [MaybeUninit<f32>]) = narrow::widen;
    fn round_at<T: Narrow>(from: &[f32], to: &mut [T]) = narrow::round;
    fn norm_at(
        x: InOut<'_, f32>,
        weight: &[f32],
        bias: Option<&[f32]>,
        epsilon: f32,
        centered: bool
    ) = rows::norm;
    fn softmax_backward_at(y: &[f32], gradient: &mut [f32], size: usize) = backward::softmax;
    fn norm_backward_at(
        inputs: [&[f32]; 3],
        epsilon: f32,
        centered: bool,
        of_x: &mut [f32],
        of_parameters: &mut [f32]
    ) = backward::norm;
    fn tile_at() -> [usize; 2] = product::tile;
    fn panels_at(b: Matrix<'_, f32>, size: [usize; 2], to: &mut [f32]) = pack::panels;
    fn rows_at(b: Matrix<'_, f32>, size: [usize; 2], to: &mut [f32]) = pack::rows;
    fn multiply_packed_at(a: Matrix<'_, f32>, b: &Panels<'_>, c: &mut Place<'_, f32>, addends: Addends<'_>)
        = product::multiply_packed;
    fn multiply_small_at(size: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32])
        = product::multiply_small;
    fn multiply_static_at<S: StaticSizes>(a: &[f32], b: &[f32], c: &mut [f32]) = product::multiply_static;
    fn dot_rows_at(x: &[f32], b: &[f32], stride: usize, out: &mut [f32]) = stream::dot_rows;
    fn add_products_at(x: &[f32], b: &[f32], stride: usize, out: &mut [f32]) = stream::add_products;
    fn dot_packing<F: Packing>(x: &[f32], k: usize, bytes: &[u8], out: &mut [f32]) = blocks::dot;
    fn panel_packing<F: Packing>(bytes: &[u8], k: usize, to: &mut [f32]) = blocks::panel;
    fn unpack_packing<F: Packing>(bytes: &[u8], out: &mut [f32]) = blocks::unpack;
    fn attend_at(block: &Block<'_, f32>, out: &mut [f32]) -> bool = attention::attend;
}

/// The product of small row-major matrices by the kernel for sizes at run time, for comparison.
///
/// # Panics
/// A matrix is not of its size.
pub fn multiply_dynamic(size: [usize; 3], a: &[f32], b: &[f32], c: &mut [f32]) {
    let [a, b] = product::row_major(size, a, b, c);
    multiply_small_at(level(), size, a, b, c);
}

/// The same by the same kernel, compiled for these sizes.
///
/// # Panics
/// A matrix is not of its size.
pub fn multiply_static<S: StaticSizes>(a: &[f32], b: &[f32], c: &mut [f32]) {
    multiply_static_at::<S>(level(), a, b, c);
}

/// The kernel for the format of the blocks.
#[cfg(any(feature = "gguf", test))]
macro_rules! of_format { ($format:expr, $kernel:ident($($argument:expr),*)) => {
    match $format {
        Format::F16 => $kernel::<format::Half>($($argument),*),
        Format::BF16 => $kernel::<format::Brain>($($argument),*),
        Format::Q4_0 => $kernel::<format::Q4_0>($($argument),*),
        Format::Q4_1 => $kernel::<format::Q4_1>($($argument),*),
        Format::Q5_0 => $kernel::<format::Q5_0>($($argument),*),
        Format::Q5_1 => $kernel::<format::Q5_1>($($argument),*),
        Format::Q8_0 => $kernel::<format::Q8_0>($($argument),*),
        Format::Q4_K => $kernel::<format::Q4K>($($argument),*),
        Format::Q5_K => $kernel::<format::Q5K>($($argument),*),
        Format::Q6_K => $kernel::<format::Q6K>($($argument),*),
    }
} }
/// Other files have no other formats, whose kernels would take a fifth of the time of a build.
#[cfg(not(any(feature = "gguf", test)))]
macro_rules! of_format { ($format:expr, $kernel:ident($($argument:expr),*)) => {
    match $format {
        Format::F16 => $kernel::<format::Half>($($argument),*),
        Format::BF16 => $kernel::<format::Brain>($($argument),*),
        quantised => unreachable!("{quantised:?} without the feature `gguf`"),
    }
} }

/// The products of rows of `x` and rows of blocks, as [`blocks::dot`] has them.
fn dot_at(level: Level, x: &[f32], rows: Rows<'_>, out: &mut [f32]) {
    of_format!(rows.format, dot_packing(level, x, rows.size[1], rows.bytes, out));
}

/// A panel whose columns are rows of blocks: see [`blocks::panel`].
fn panel_at(level: Level, rows: Rows<'_>, to: &mut [f32]) {
    of_format!(rows.format, panel_packing(level, rows.bytes, rows.size[1], to));
}

/// Writes the elements of rows of blocks, one after another.
///
/// # Panics
/// There are not as many.
pub fn unpack(rows: Rows<'_>, out: &mut [f32]) {
    unpack_at(level(), rows, out);
}

fn unpack_at(level: Level, rows: Rows<'_>, out: &mut [f32]) {
    of_format!(rows.format, unpack_packing(level, rows.bytes, out));
}

/// `out` becomes `softmax(scale · q · kᵀ) · v` on the live keys, zeros where a query has none. Whether all of it is
/// finite: if not, something masked may have reached it.
///
/// # Panics
/// Queries, keys, values or results do not lie inside their slices.
pub fn attend(block: &Block<'_, f32>, out: &mut [f32]) -> bool {
    attend_at(level(), block, out)
}

/// The function of each number.
pub fn unary(op: Unary, x: InOut<'_, f32>) {
    unary_at(level(), op, x);
}

fn unary_at(level: Level, op: Unary, x: InOut<'_, f32>) {
    match op {
        Unary::Abs => map_at(level, math::Abs, x),
        Unary::Neg => map_at(level, math::Neg, x),
        Unary::Recip => map_at(level, math::Recip, x),
        Unary::Square => map_at(level, math::Square, x),
        Unary::Sqrt => map_at(level, math::Sqrt, x),
        Unary::Relu => map_at(level, math::Relu, x),
        Unary::Exp => map_at(level, math::Exp, x),
        Unary::Tanh => map_at(level, math::Tanh, x),
        Unary::Sigmoid => map_at(level, math::Sigmoid, x),
        Unary::Silu => map_at(level, math::Silu, x),
        Unary::Gelu => map_at(level, math::Gelu, x),
        Unary::GeluTanh => map_at(level, math::GeluTanh, x),
        Unary::Ln | Unary::Sin | Unary::Cos | Unary::Softplus => plain::unary(op, x),
    }
}

/// Each gradient times the slope of the function at `x`, if there is a kernel for it. Whether there is.
///
/// # Panics
/// There are fewer numbers than gradients.
pub fn times_slope(op: Unary, x: &[f32], gradient: &mut [f32]) -> bool {
    times_slope_at(level(), op, x, gradient)
}

fn times_slope_at(level: Level, op: Unary, x: &[f32], gradient: &mut [f32]) -> bool {
    let gradient = InOut::in_place(gradient);
    match op {
        Unary::Relu => zip_at(level, backward::ReluSlope, gradient, x),
        Unary::Silu => zip_at(level, backward::SiluSlope, gradient, x),
        Unary::Gelu => zip_at(level, backward::GeluSlope, gradient, x),
        Unary::GeluTanh => zip_at(level, backward::GeluTanhSlope, gradient, x),
        _ => return false,
    }
    true
}

/// The way back of softmax: see [`backward::softmax`].
///
/// # Panics
/// The rows are empty, or there is not a gradient for each number.
pub fn softmax_backward(y: &[f32], gradient: &mut [f32], size: usize) {
    softmax_backward_at(level(), y, gradient, size);
}

/// The way back of a norm: see [`backward::norm`].
///
/// # Panics
/// The slices are not as long as the rows, or the weight is empty.
pub fn norm_backward(inputs: [&[f32]; 3], epsilon: f32, centered: bool, of_x: &mut [f32], of_parameters: &mut [f32]) {
    norm_backward_at(level(), inputs, epsilon, centered, of_x, of_parameters);
}

/// The operation on each number and the operand; in the other order, if they are swapped.
pub fn binary(op: Binary, x: InOut<'_, f32>, y: Operand<'_, f32>, swapped: bool) {
    binary_at(level(), op, x, y, swapped);
}

fn binary_at(level: Level, op: Binary, x: InOut<'_, f32>, y: Operand<'_, f32>, swapped: bool) {
    macro_rules! for_each_operation { ($($op:ident)*) => {
        match (op, y, swapped) {$(
            (Binary::$op, Operand::Slice(y), false) => zip_at(level, math::$op, x, y),
            (Binary::$op, Operand::Slice(y), true) => zip_at(level, Swapped(math::$op), x, y),
            (Binary::$op, Operand::Scalar(y), false) => map_at(level, With(math::$op, y), x),
            (Binary::$op, Operand::Scalar(y), true) => map_at(level, With(Swapped(math::$op), y), x),
        )*}
    } }
    for_each_operation!(Add Sub Mul Div Max Min);
}

/// The operations one after another on each number.
///
/// # Panics
/// There are none, or fewer operands than numbers.
pub fn chain(mut x: InOut<'_, f32>, links: &[Link<'_, f32>]) {
    let (level, len) = (level(), x.len());
    for (i, run) in links.chunk_by(|x, y| chain::has_kernel(x) && chain::has_kernel(y)).enumerate() {
        let part = if i == 0 { x.part(0..len) } else { InOut::in_place(x.to()) };
        match *run {
            [Link::Unary(op)] => unary_at(level, op, part),
            [Link::Binary(op, y, swapped)] => binary_at(level, op, part, y, swapped),
            _ => chain_at(level, part, run),
        }
    }
}

/// `exp(x) / sum(exp(x))` of each row of so many numbers.
pub fn softmax(x: InOut<'_, f32>, size: usize) {
    softmax_at(level(), x, size);
}

/// `x - ln(sum(exp(x)))` of each row of so many numbers.
pub fn log_softmax(x: InOut<'_, f32>, size: usize) {
    log_softmax_at(level(), x, size);
}

/// The largest number of each row of so many, and the logarithm of the sum of `exp(x - largest)`.
///
/// # Panics
/// The rows are empty, or not as many as there are places.
pub fn log_sums(x: &[f32], size: usize, out: &mut [[f32; 2]]) {
    log_sums_at(level(), x, size, out);
}

/// `op` of each row of so many numbers, for each of which there is a place.
///
/// # Panics
/// The rows are empty, or not as many.
pub fn reduce(op: Reduce, x: &[f32], size: usize, out: &mut [f32]) {
    reduce_at(level(), op, x, size, out);
}

/// Adds rows to the sums, or the squares of distances: see [`columns::add_rows`].
///
/// # Panics
/// The rows end behind their slice, or there are not as many centers as sums.
pub fn add_rows(x: &[f32], size: [usize; 2], centers: Option<&[f32]>, sums: &mut [f32]) {
    add_rows_at(level(), x, size, centers, sums);
}

/// Writes each number as `f32`, and gives what was written.
///
/// # Panics
/// The slices are not of one length.
pub fn widen<'a, T: Narrow>(from: &[T], to: &'a mut [MaybeUninit<f32>]) -> &'a mut [f32] {
    widen_at(level(), from, to);
    // SAFETY: all were written.
    unsafe { &mut *(to as *mut [MaybeUninit<f32>] as *mut [f32]) }
}

/// [`widen`] over other numbers.
///
/// # Panics
/// There are not as many.
pub fn widen_over<T: Narrow>(from: &[T], to: &mut [f32]) {
    // SAFETY: nothing but numbers is written there.
    widen_at(level(), from, unsafe { &mut *(to as *mut [f32] as *mut [MaybeUninit<f32>]) });
}

/// Writes each number rounded to the nearest, of two to the even one.
///
/// # Panics
/// The slices are not of one length.
pub fn round<T: Narrow>(from: &[f32], to: &mut [T]) {
    round_at(level(), from, to);
}

/// `(x - center) · scale · weight + bias` of each row of as many numbers as there are weights: see [`rows::norm`].
pub fn norm(x: InOut<'_, f32>, weight: &[f32], bias: Option<&[f32]>, epsilon: f32, centered: bool) {
    norm_at(level(), x, weight, bias, epsilon, centered);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Epilogue;
    use crate::backend::cpu::matmul::Weight;

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
        (Unary::Exp, f64::exp, 86.0, 1.5),
        (Unary::Tanh, f64::tanh, 12.0, 2.0),
        (Unary::Sigmoid, |x| 1.0 / (1.0 + (-x).exp()), 80.0, 2.5),
        (Unary::Silu, |x| x / (1.0 + (-x).exp()), 80.0, 2.5),
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
                    multiply::multiply_at(level, [m, k, n], a, b, &mut found);
                    for (at, found) in found.into_iter().enumerate() {
                        let (i, j) = (at / n, at % n);
                        let element =
                            |x: &Matrix<'_, f32>, i, l| x.elements[i * x.strides[0] + l * x.strides[1]] as f64;
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
            vec![[5, 3, 9]]
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
                multiply::multiply_at(level, [m, k, n], x, weight, &mut product);
                for choice in 0..8 {
                    let after = Epilogue {
                        bias: (choice & 1 == 1).then_some(&bias[..]),
                        activation: (choice & 2 == 2).then_some(Unary::GeluTanh),
                        residual: (choice & 4 == 4).then_some(&residual[..]),
                    };
                    let mut found = vec![f32::NAN; m * n];
                    let weight = Weight { matrix: weight, buffer: None };
                    multiply::linear_at(level, [m, k, n], x, weight, after, &mut found);
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
}
