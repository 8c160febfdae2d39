//! Row operations (softmax, norms, reductions, attention), at the level that this processor has.

use super::attention::{self, Block};
use super::dispatch::{
    add_rows_at, attend_at, log_softmax_at, log_sums_at, mean_variance_at, norm_at, norm_backward_at, reduce_at,
    softmax_at, softmax_backward_at,
};
use super::level::level;
use crate::backend::Reduce;
use crate::cpu::kernels::in_out::InOut;
use crate::cpu::kernels::plain::ColumnSum;
use half::bf16;

/// `out` becomes `softmax(scale · q · kᵀ) · v` on the valid keys, zeros where a query has none. Whether all of it is
/// finite: if not, something masked may have reached it.
///
/// # Panics
/// Queries, keys, values or results do not lie inside their slices.
pub fn attend(block: &Block<'_, f32>, out: &mut [f32]) -> bool {
    attend_at(level(), block, out)
}

/// Whether [`attend_pairs`] is for this processor.
pub fn has_pairs() -> bool {
    attention::multiplies_pairs(level())
}

/// As [`attend`], of a block with pairs, of keys and values that have elements.
///
/// # Panics
/// As of [`attend`], or pairs are not multiplied.
pub fn attend_pairs(block: &Block<'_, f32>, out: &mut [bf16]) -> bool {
    attention::attend_pairs_at(level(), block, out)
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

/// The mean and the variance of each row of so many numbers.
///
/// # Panics
/// The rows are empty, or not as many as there are places.
pub fn mean_variance(x: &[f32], size: usize, out: &mut [[f32; 2]]) {
    mean_variance_at(level(), x, size, out);
}

/// Adds rows to the sums, or what the terms say: see [`reduce_columns::add_rows`].
///
/// # Panics
/// The rows end behind their slice, or there are not as many numbers in the terms as sums.
pub fn add_rows(x: &[f32], size: [usize; 2], summand: ColumnSum<'_, f32>, sums: &mut [f32]) {
    add_rows_at(level(), x, size, summand, sums);
}

/// `(x - center) · scale · weight + bias` of each row of as many numbers as there are weights: see [`norm::norm`].
pub fn norm(x: InOut<'_, f32>, weight: &[f32], bias: Option<&[f32]>, epsilon: f32, centered: bool) {
    norm_at(level(), x, weight, bias, epsilon, centered);
}

/// The backward pass of softmax: see [`backward::softmax`].
///
/// # Panics
/// The rows are empty, or there is not a gradient for each number.
pub fn softmax_backward(y: &[f32], gradient: &mut [f32], size: usize) {
    softmax_backward_at(level(), y, gradient, size);
}

/// The backward pass of a norm: see [`backward::norm`].
///
/// # Panics
/// The slices are not as long as the rows, or the weight is empty.
pub fn norm_backward(
    inputs: [&[f32]; 3],
    epsilon: f32,
    centered: bool,
    grad_x: &mut [f32],
    grad_parameters: &mut [f32],
) {
    norm_backward_at(level(), inputs, epsilon, centered, grad_x, grad_parameters);
}
