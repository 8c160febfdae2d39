//! What convolutions of a channel by itself are made of, at the level that this processor has.

use super::dispatch::{add_shifted_at, shifted_dots_at};
use super::level::level;

/// Adds to each number of `out` those that lie at offsets further on in `from`, each times its weight. The rows of `out` are as long as
/// the first of `rows` says, and so far apart in `from` as the second; of each, whole vectors are read.
///
/// # Panics
/// There are not as many weights as offsets, the rows are not whole, or `from` ends too soon.
pub fn add_shifted(from: &[f32], rows: [usize; 2], offsets: &[usize], weights: &[f32], out: &mut [f32]) {
    add_shifted_at(level(), from, rows, offsets, weights, out);
}

/// Adds to each sum the products of `x` and what lies at its offset further on in `from`.
///
/// # Panics
/// There are not as many sums as offsets, or `from` ends too soon.
pub fn shifted_dots(x: &[f32], from: &[f32], offsets: &[usize], sums: &mut [f32]) {
    shifted_dots_at(level(), x, from, offsets, sums);
}
