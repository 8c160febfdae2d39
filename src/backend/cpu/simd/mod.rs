//! Kernels in vectors of the processor, chosen at run time.
//!
//! In layers, after the manner of the `memchr` crate: what a kernel needs of a vector ([`vector`]), functions of a vector
//! ([`math`]), the kernels over any vector ([`each`], [`rows`], [`softmax`](mod@softmax), [`columns`], [`narrow`], [`product`],
//! [`attention`]), one function for each kernel and set of instructions ([`dispatch`]), and the safe functions of this module,
//! which choose among them.
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
mod dispatch;
mod each;
mod few_rows;
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
mod softmax;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(any(feature = "safetensors", feature = "gguf", test))]
use super::blocks::Format;
use super::blocks::Rows;
use super::in_out::{InOut, Link, Operand};
use super::plain;
use super::reduce::Terms;
use crate::backend::cpu::matmul::{Matrix, has_terms};
use crate::backend::cpu::place::Place;
use crate::backend::{Binary, Reduce, Unary};
pub use attention::{Block, Live};
use dispatch::*;
use format::Packing;
#[cfg(test)]
pub use format::tests as format_tests;
use math::{Function, Operation, Swapped, With};
pub use multiply::{linear, linear_blocks, multiplier, multiply, prepare};
pub use narrow::Narrow;
use pack::Packed;
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

/// The product of small row-major matrices by the kernel for sizes at run time, for comparison.
///
/// # Panics
/// A matrix is not of its size.
pub fn multiply_dynamic(size: [usize; 3], a: &[f32], b: &[f32], c: &mut [f32]) {
    let [a, b] = product::row_major(size, a, b, c);
    if !has_terms(size, a, b, c) {
        return c.fill(0.0);
    }
    multiply_small_at(level(), size, a, b, c);
}

/// The same by the same kernel, compiled for these sizes.
///
/// # Panics
/// A matrix is not of its size.
pub fn multiply_static<S: StaticSizes>(a: &[f32], b: &[f32], c: &mut [f32]) {
    if S::SIZES.contains(&0) {
        let [_, _] = product::row_major(S::SIZES, a, b, c);
        return c.fill(0.0);
    }
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
/// Files of safetensors have no other formats, whose kernels would take a fifth of the time of a build.
#[cfg(all(feature = "safetensors", not(any(feature = "gguf", test))))]
macro_rules! of_format { ($format:expr, $kernel:ident($($argument:expr),*)) => {
    match $format {
        Format::F16 => $kernel::<format::Half>($($argument),*),
        Format::BF16 => $kernel::<format::Brain>($($argument),*),
        quantised => unreachable!("{quantised:?} without the feature `gguf`"),
    }
} }
/// Without files there are no blocks.
#[cfg(not(any(feature = "safetensors", feature = "gguf", test)))]
macro_rules! of_format { ($format:expr, $kernel:ident($($argument:expr),*)) => {{
    let _ = ($($argument),*);
    unreachable!("{:?} without the feature `gguf` or `safetensors`", $format)
}} }

/// The products of rows of `x` and rows of blocks, as [`blocks::dot`] has them.
fn dot_at(level: Level, x: &[f32], rows: Rows<'_>, out: &mut [f32]) {
    of_format!(rows.format, dot_packing(level, x, rows.size[1], rows.bytes, out));
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

/// Adds rows to the sums, or what the terms say: see [`columns::add_rows`].
///
/// # Panics
/// The rows end behind their slice, or there are not as many numbers in the terms as sums.
pub fn add_rows(x: &[f32], size: [usize; 2], terms: Terms<'_, f32>, sums: &mut [f32]) {
    add_rows_at(level(), x, size, terms, sums);
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
mod tests;
