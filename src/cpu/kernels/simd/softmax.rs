//! Softmax, log-softmax and log-sum-exp of rows.

use super::math::Function;
use super::reduce::{ExpFrom, Rows, Same, fold, for_each_row_group, largest, map_rows, sums};
use super::vector::{Vector, for_each_vector, load, read, store, write};
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
        if size <= V::LANES {
            for_each_row_group!(V, count, from, to, size, |first, rows, ROWS| short_rows::<V, 1, ROWS>(rows));
        } else if size <= 2 * V::LANES {
            for_each_row_group!(V, count, from, to, size, |first, rows, ROWS| short_rows::<V, 2, ROWS>(rows));
        } else {
            for_each_row_group!(V, count, from, to, size, |first, rows, ROWS| softmax_rows::<V, ROWS>(rows));
        }
    }
}

/// The softmax of rows that are so many vectors long, the last of which may be a part of one. They stay in registers: on
/// Intel's processors, what was written with a mask is slow to read again.
///
/// # Safety
/// The processor has the instructions of `V`, and the rows lie in memory that may be read and written.
#[inline(always)]
unsafe fn short_rows<V: Vector, const VECTORS: usize, const ROWS: usize>(rows: Rows) {
    let len = |vector: usize| if vector + 1 < VECTORS { V::LANES } else { rows.size - vector * V::LANES };
    // SAFETY: the caller's.
    unsafe {
        let mut terms = [[V::splat(0.0); ROWS]; VECTORS];
        for row in 0..ROWS {
            for vector in 0..VECTORS {
                let from = rows.from.add(row * rows.size + vector * V::LANES);
                terms[vector][row] = load(std::slice::from_raw_parts(from, len(vector)), f32::NEG_INFINITY);
            }
        }
        let mut largest = terms[0];
        for row in 0..ROWS {
            for vector in 0..VECTORS {
                // The order of operands says which of them counts where one is NaN.
                largest[row] =
                    terms[vector][row].max(if vector == 0 { V::splat(f32::NEG_INFINITY) } else { largest[row] });
            }
        }
        let largest = map_rows(fold(largest, true), ExpFrom);
        let mut sums = [V::splat(0.0); ROWS];
        for row in 0..ROWS {
            for vector in 0..VECTORS {
                terms[vector][row] = largest[row].apply(terms[vector][row]);
                sums[row] = sums[row].add(terms[vector][row]);
            }
        }
        let scales = map_rows(fold(sums, false), |sum| (1.0 / sum as f64) as f32);
        for row in 0..ROWS {
            for vector in 0..VECTORS {
                let to = rows.to.add(row * rows.size + vector * V::LANES);
                store(terms[vector][row].mul(V::splat(scales[row])), std::slice::from_raw_parts_mut(to, len(vector)));
            }
        }
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
