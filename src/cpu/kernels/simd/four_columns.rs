//! Products with four columns that are left over beside whole vectors.

use super::vector::{Vector, load};
use crate::cpu::kernels::matrix::Matrix;

/// So many terms of four columns are turned at a time.
const TERMS: usize = 64;

/// Four columns, at the begin of a line of the cache.
#[repr(align(64))]
struct Columns([[f32; TERMS]; 4]);

/// How many columns of a product `(_, k) x (k, n)` are better multiplied by [`multiply`]: four or none.
#[inline(always)]
pub fn left_over<V: Vector>([k, n]: [usize; 2], a: Matrix<'_, f32>) -> usize {
    /// Fewer vectors of terms take less time than their lanes to be summed up.
    const VECTORS: usize = 3;
    // Whatever the number of rows is, although of few the columns are hardly worth turning: so a row is summed alike in all
    // batches.
    let pays = n % V::LANES == 4 && k >= VECTORS * V::LANES && a.strides[1] == 1;
    if V::LANES > 4 && pays { 4 } else { 0 }
}

/// The product of the rows of `a`, and four columns of `b`, into four columns of `c`, whose rows lie `stride` apart.
///
/// Terms lie in the lanes, so that all of them are used, whereas four columns would fill but a part of a vector.
///
/// # Safety
/// The processor has the instructions of `V`. The rows of both matrices lie together, and inside their slices.
#[inline(always)]
pub unsafe fn multiply<V: Vector>(
    [m, k]: [usize; 2],
    a: Matrix<'_, f32>,
    b: Matrix<'_, f32>,
    c: &mut [f32],
    stride: usize,
) {
    for first in (0..k).step_by(TERMS) {
        let terms = TERMS.min(k - first);
        let mut columns = Columns([[0.0; TERMS]; 4]);
        let to = columns.0.as_flattened_mut();
        let b = b.part(first, 0);
        let whole = terms / 4 * 4;
        // SAFETY: the caller's; there are four rows of four numbers, and the room of as many.
        unsafe {
            let row = |term: usize| b.elements.get_unchecked(term * b.strides[0]..);
            for term in (0..whole).step_by(4) {
                let rows = [row(term), row(term + 1), row(term + 2), row(term + 3)];
                V::turn(rows, 1.0, to.get_unchecked_mut(term..), TERMS);
            }
        }
        for term in whole..terms {
            (0..4).for_each(|column| to[column * TERMS + term] = b.elements[term * b.strides[0] + column]);
        }
        let a = a.part(0, first);
        // SAFETY: the caller's; the rows and terms are those of the matrices.
        unsafe {
            for row in (0..m - m % 2).step_by(2) {
                dots::<V, 2>(a.part(row, 0), &columns.0, terms, first > 0, &mut c[row * stride..], stride);
            }
            if m % 2 == 1 {
                dots::<V, 1>(a.part(m - 1, 0), &columns.0, terms, first > 0, &mut c[(m - 1) * stride..], stride);
            }
        }
    }
}

/// Rows of `a` times four columns, which are zero from `terms` on, `onto` what stands there.
///
/// # Safety
/// The processor has the instructions of `V`. So many terms of the rows lie inside the slice, each row's together.
#[inline(always)]
unsafe fn dots<V: Vector, const ROWS: usize>(
    a: Matrix<'_, f32>,
    columns: &[[f32; TERMS]; 4],
    terms: usize,
    onto: bool,
    c: &mut [f32],
    stride: usize,
) {
    const { assert!(TERMS.is_multiple_of(V::LANES)) };
    // SAFETY: the caller's; columns are as long as whole vectors.
    unsafe {
        let mut sums = [[V::splat(0.0); 4]; ROWS];
        for term in (0..terms).step_by(V::LANES) {
            let lanes = V::LANES.min(terms - term);
            for row in 0..ROWS {
                let x = load::<V>(a.elements.get_unchecked(row * a.strides[0] + term..).get_unchecked(..lanes), 0.0);
                for column in 0..4 {
                    let y = V::load(columns[column].get_unchecked(term..));
                    sums[row][column] = x.mul_add(y, sums[row][column]);
                }
            }
        }
        for row in 0..ROWS {
            let c = &mut c[row * stride..][..4];
            for (c, sum) in c.iter_mut().zip(V::sums(sums[row])) {
                *c = if onto { *c + sum } else { sum };
            }
        }
    }
}
