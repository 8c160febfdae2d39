//! Backward passes of softmax and log-softmax.

use crate::backend::{Float, Unary};
use crate::cpu::array::Array;
use crate::cpu::kernels::{InOut, all_widened, calculate, generic, sum};
use crate::cpu::ops::elementwise::rows_of_chunk;

/// `f` on some rows along an axis, of the result and of its gradient, and their size.
fn along<T: Float>(
    result: &Array<T>,
    axis: usize,
    gradient: Array<T>,
    f: impl Fn(&[T::Wide], &mut [T::Wide], usize) + Sync,
) -> Array<T> {
    let rank = gradient.sizes().len();
    let is_last = axis + 1 == rank;
    let moved = if is_last { gradient } else { gradient.move_last(axis) };
    let result = if is_last { result.clone() } else { result.move_last(axis) };
    let size = result.sizes()[rank - 1];
    let chunk = size * rows_of_chunk(size);
    let elements = result.elements();
    let found = moved.transform(chunk, chunk * 2, |i, rows| {
        let result = all_widened(&elements[i * chunk..][..rows.len()]);
        calculate(rows, |rows| f(&result, rows.copied(), size));
    });
    if is_last { found } else { found.move_last_to(axis) }
}

/// `y · (gradient - sum(gradient · y))` for the result `y` of softmax. Where that is zero, so is this, whatever the
/// gradient: it may be that of something masked.
pub fn softmax<T: Float>(y: &Array<T>, axis: usize, gradient: Array<T>) -> Array<T> {
    along(y, axis, gradient, generic::softmax_backward)
}

/// `gradient - exp(y) · sum(gradient)` for the result `y` of the logarithm of softmax.
pub fn log_softmax<T: Float>(y: &Array<T>, axis: usize, gradient: Array<T>) -> Array<T> {
    along(y, axis, gradient, |y, rows, size| {
        let mut share = y.to_vec();
        generic::unary(Unary::Exp, InOut::in_place(&mut share));
        for (row, share) in rows.chunks_exact_mut(size).zip(share.chunks_exact(size)) {
            let sum = sum(row, |x| x);
            row.iter_mut().zip(share).for_each(|(x, &share)| *x = *x - share * sum);
        }
    })
}
