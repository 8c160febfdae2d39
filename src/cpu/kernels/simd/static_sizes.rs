//! Products of small matrices, whose sizes the compiler may know.

use super::dispatch::{multiply_small_at, multiply_static_at};
use super::level::level;
use super::small_gemm::{self, StaticSizes};
use crate::cpu::kernels::matrix::is_nonempty_product;

/// The product of small row-major matrices by the kernel for sizes at run time, for comparison.
///
/// # Panics
/// A matrix is not of its size.
pub fn multiply_dynamic(size: [usize; 3], a: &[f32], b: &[f32], c: &mut [f32]) {
    let [a, b] = small_gemm::row_major(size, a, b, c);
    if !is_nonempty_product(size, a, b, c) {
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
        let [_, _] = small_gemm::row_major(S::SIZES, a, b, c);
        return c.fill(0.0);
    }
    multiply_static_at::<S>(level(), a, b, c);
}
