//! Softmax, log-softmax and log-sum-exp of rows.

use super::reduce::{ExpFrom, Rows, Same, for_each_row_group, largest, map_rows, sums};
use super::vector::{Vector, for_each_vector, read, write};
use crate::cpu::kernels::in_out::InOut;

/// `exp(x) / sum(exp(x))` of each row of `size` numbers; NaN everywhere, where one of them is NaN or none is finite.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn softmax<V: Vector>(mut x: InOut<'_, f32>, size: usize) {
    #[inline(always)]
    unsafe fn step<V: Vector, const ROWS: usize, const WHOLE: bool>(
        at: usize,
        len: usize,
        rows: Rows,
        scales: [f32; ROWS],
    ) {
        for row in 0..ROWS {
            // SAFETY: the caller's.
            unsafe {
                let to = rows.to.add(row * rows.size + at);
                write::<V, WHOLE>(read::<V, WHOLE>(to, len, 0.0).mul(V::splat(scales[row])), to, len);
            }
        }
    }
    #[inline(always)]
    unsafe fn softmax_rows<V: Vector, const ROWS: usize>(rows: Rows) {
        // SAFETY: the caller's; each step lies inside the rows.
        unsafe {
            let largest = largest::<V, _, ROWS, false>(Same, rows);
            let sums = sums::<V, _, ROWS, true>(map_rows(largest, ExpFrom), rows);
            let scales = map_rows(sums, |sum| (1.0 / sum) as f32);
            for_each_vector!(V, 0..rows.size, step::<V, ROWS>(rows, scales));
        }
    }
    // SAFETY: the caller's; the rows lie inside the slices.
    unsafe {
        let count = x.len().checked_div(size).unwrap_or(0);
        let (from, to) = x.pointers();
        for_each_row_group!(V, count, from, to, size, |first, rows, ROWS| softmax_rows::<V, ROWS>(rows));
    }
}

/// `x - ln(sum(exp(x)))` of each row of `size` numbers; NaN everywhere, where one of them is NaN or none is finite.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn log_softmax<V: Vector>(mut x: InOut<'_, f32>, size: usize) {
    #[inline(always)]
    unsafe fn step<V: Vector, const ROWS: usize, const WHOLE: bool>(
        at: usize,
        len: usize,
        rows: Rows,
        largest: [f32; ROWS],
        logs: [f32; ROWS],
    ) {
        for row in 0..ROWS {
            let at = row * rows.size + at;
            // SAFETY: the caller's. The largest goes first: added to the logarithm, it would swallow its digits.
            unsafe {
                let x = read::<V, WHOLE>(rows.from.add(at), len, 0.0);
                let distance = x.sub(V::splat(largest[row]));
                write::<V, WHOLE>(distance.sub(V::splat(logs[row])), rows.to.add(at), len);
            }
        }
    }
    #[inline(always)]
    unsafe fn log_softmax_rows<V: Vector, const ROWS: usize>(rows: Rows) {
        // SAFETY: the caller's; each step lies inside the rows.
        unsafe {
            let largest = largest::<V, _, ROWS, false>(Same, rows);
            let logs = map_rows(sums::<V, _, ROWS, false>(map_rows(largest, ExpFrom), rows), |sum| sum.ln() as f32);
            for_each_vector!(V, 0..rows.size, step::<V, ROWS>(rows, largest, logs));
        }
    }
    // SAFETY: the caller's; the rows lie inside the slices.
    unsafe {
        let count = x.len().checked_div(size).unwrap_or(0);
        let (from, to) = x.pointers();
        for_each_row_group!(V, count, from, to, size, |first, rows, ROWS| log_softmax_rows::<V, ROWS>(rows));
    }
}

/// The maximum of each row of `size` numbers, and the logarithm of the sum of `exp(x - maximum)`; that is NaN, where one
/// of them is NaN or none is finite.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn log_sums<V: Vector>(x: &[f32], size: usize, out: &mut [[f32; 2]]) {
    #[inline(always)]
    unsafe fn log_sums_of_rows<V: Vector, const ROWS: usize>(rows: Rows) -> [[f32; 2]; ROWS] {
        // SAFETY: the caller's; nothing is written.
        unsafe {
            let largest = largest::<V, _, ROWS, false>(Same, rows);
            let sums = sums::<V, _, ROWS, false>(map_rows(largest, ExpFrom), rows);
            let mut both = [[0.0; 2]; ROWS];
            for row in 0..ROWS {
                both[row] = [largest[row], sums[row].ln() as f32];
            }
            both
        }
    }
    assert!(size > 0 && size.checked_mul(out.len()) == Some(x.len()), "a place for each row");
    // SAFETY: the caller's; the rows lie inside the slice.
    unsafe {
        for_each_row_group!(V, out.len(), x.as_ptr(), std::ptr::null_mut(), size, |first, rows, ROWS| {
            out[first..first + ROWS].copy_from_slice(&log_sums_of_rows::<V, ROWS>(rows));
        });
    }
}
