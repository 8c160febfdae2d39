//! Sums of what lies some places further on, and products with it.

use super::rows::sum_pairs;
use crate::backend::Real;

/// Adds to each number of `out` those that lie at offsets further on in `from`, each times its weight. The rows of `out` are so long,
/// and so far apart in `from`.
pub fn add_shifted<T: Real>(from: &[T], [len, stride]: [usize; 2], offsets: &[usize], weights: &[T], out: &mut [T]) {
    for (row, out) in out.chunks_exact_mut(len.max(1)).enumerate() {
        for (&offset, &weight) in offsets.iter().zip(weights) {
            let from = &from[row * stride + offset..][..len];
            out.iter_mut().zip(from).for_each(|(out, &x)| *out = *out + x * weight);
        }
    }
}

/// Adds to each sum the products of `x` and what lies at its offset further on in `from`.
pub fn shifted_dots<T: Real>(x: &[T], from: &[T], offsets: &[usize], sums: &mut [T]) {
    for (&offset, sum) in offsets.iter().zip(sums) {
        *sum = *sum + sum_pairs(x, &from[offset..][..x.len()], |x, y| x * y);
    }
}
