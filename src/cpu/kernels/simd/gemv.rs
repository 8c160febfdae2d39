//! The product of a matrix and a vector (GEMV), where the rows of the matrix lie together.

use super::vector::{Vector, read};
use crate::cpu::kernels::matrix::Matrix;

/// The rows that are read at once: so many sums are calculated while an addition waits for the one before.
const ROWS: usize = 8;

/// The product of `a (m, k)`, whose rows lie together, and `x (k)`. An element does not depend on how many others there are.
///
/// # Safety
/// The processor has the instructions of `V`. The matrix lies inside its slice.
#[inline(always)]
pub unsafe fn multiply<V: Vector>(a: Matrix<'_, f32>, x: &[f32], out: &mut [f32]) {
    /// For some rows.
    #[inline(always)]
    unsafe fn of<V: Vector, const ROWS: usize>(a: Matrix<'_, f32>, x: &[f32], out: &mut [f32]) {
        // SAFETY: the caller's; there are as many rows.
        unsafe {
            let mut sums = [V::splat(0.0); ROWS];
            let (row, whole) = (|i: usize| a.elements.as_ptr().add(i * a.strides[0]), x.len() / V::LANES * V::LANES);
            for at in (0..whole).step_by(V::LANES) {
                let x = read::<V, true>(x.as_ptr().add(at), V::LANES, 0.0);
                for i in 0..ROWS {
                    sums[i] = read::<V, true>(row(i).add(at), V::LANES, 0.0).accumulate(x, sums[i]);
                }
            }
            if whole < x.len() {
                let rest = x.len() - whole;
                let x = read::<V, false>(x.as_ptr().add(whole), rest, 0.0);
                for i in 0..ROWS {
                    sums[i] = read::<V, false>(row(i).add(whole), rest, 0.0).accumulate(x, sums[i]);
                }
            }
            for i in 0..ROWS {
                out[i] = sums[i].sum();
            }
        }
    }
    let mut row = 0;
    while row < out.len() {
        let (a, out) = (a.part(row, 0), &mut out[row..]);
        // SAFETY: the caller's; there are as many rows.
        row += unsafe {
            match out.len() {
                ROWS.. => {
                    of::<V, ROWS>(a, x, out);
                    ROWS
                }
                4.. => {
                    of::<V, 4>(a, x, out);
                    4
                }
                _ => {
                    of::<V, 1>(a, x, out);
                    1
                }
            }
        };
    }
}
