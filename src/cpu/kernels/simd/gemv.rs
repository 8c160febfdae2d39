//! The product of a matrix and a vector (GEMV), where the rows of the matrix lie together.

use super::vector::{Vector, for_each_vector, read};
use crate::cpu::kernels::matrix::Matrix;

/// The rows that are read at once: so many sums are calculated while an addition waits for the one before.
const ROWS: usize = 8;

/// The product of `a (m, k)`, whose rows lie together, and `x (k)`. An element does not depend on how many others there are.
///
/// # Safety
/// The processor has the instructions of `V`. The matrix lies inside its slice.
#[inline(always)]
pub unsafe fn multiply<V: Vector>(a: Matrix<'_, f32>, x: &[f32], out: &mut [f32]) {
    /// Adds the products of a vector of each row to its sum.
    #[inline(always)]
    unsafe fn step<V: Vector, const ROWS: usize, const WHOLE: bool>(
        at: usize,
        len: usize,
        a: Matrix<'_, f32>,
        x: *const f32,
        sums: &mut [V; ROWS],
    ) {
        // SAFETY: the caller's.
        unsafe {
            let x = read::<V, WHOLE>(x.add(at), len, 0.0);
            for i in 0..ROWS {
                let row = a.elements.as_ptr().add(i * a.strides[0] + at);
                sums[i] = read::<V, WHOLE>(row, len, 0.0).accumulate(x, sums[i]);
            }
        }
    }
    /// For the first rows. How many they are.
    #[inline(always)]
    unsafe fn of<V: Vector, const ROWS: usize>(a: Matrix<'_, f32>, x: &[f32], out: &mut [f32]) -> usize {
        // SAFETY: the caller's; there are as many rows.
        unsafe {
            let mut sums = [V::splat(0.0); ROWS];
            for_each_vector!(V, 0..x.len(), step::<V, ROWS>(a, x.as_ptr(), &mut sums));
            for i in 0..ROWS {
                out[i] = sums[i].sum();
            }
        }
        ROWS
    }
    let mut row = 0;
    while row < out.len() {
        let (a, out) = (a.part(row, 0), &mut out[row..]);
        // SAFETY: the caller's; there are as many rows.
        row += unsafe {
            match out.len() {
                ROWS.. => of::<V, ROWS>(a, x, out),
                4.. => of::<V, 4>(a, x, out),
                _ => of::<V, 1>(a, x, out),
            }
        };
    }
}
