//! Products with four columns that are left over beside whole vectors.

use super::vector::{Lanes, load};
use crate::cpu::kernels::matrix::Matrix;

/// The block of k that is transposed at a time.
const BLOCK_K: usize = 64;

/// Four columns, aligned to a cache line.
#[repr(align(64))]
struct Columns<S>([[S; BLOCK_K]; 4]);

/// The columns of a product `(_, k) x (k, n)` for which [`multiply`] is faster: four or none.
#[inline(always)]
pub fn left_over<L: Lanes>([k, n]: [usize; 2], a: Matrix<'_, L::Element>) -> usize {
    /// With fewer vectors, the horizontal sums take longer than the products.
    const VECTORS: usize = 3;
    // Independent of the number of rows, although for few rows it hardly pays to transpose: so a row is summed alike in
    // all batches.
    let pays = n % L::LANES == 4 && k >= VECTORS * L::LANES && a.strides[1] == 1;
    if L::LANES > 4 && pays { 4 } else { 0 }
}

/// The product of the rows of `a`, and four columns of `b`, into four columns of `c`, whose rows lie `stride` apart.
///
/// The lanes run along k, so that all of them are used; four columns would fill only a part of a vector.
///
/// # Safety
/// The processor has the instructions of `L`. The rows of both matrices lie together, and inside their slices.
#[inline(always)]
pub unsafe fn multiply<L: Lanes>(
    [m, k]: [usize; 2],
    a: Matrix<'_, L::Element>,
    b: Matrix<'_, L::Element>,
    c: &mut [L::Element],
    stride: usize,
) {
    for first in (0..k).step_by(BLOCK_K) {
        let depth = BLOCK_K.min(k - first);
        let mut columns = Columns([[num_traits::zero(); BLOCK_K]; 4]);
        let to = columns.0.as_flattened_mut();
        let b = b.part(first, 0);
        let whole = depth / 4 * 4;
        // SAFETY: the caller's; there are four rows of four numbers, and the room of as many.
        unsafe {
            let row = |p: usize| b.elements.get_unchecked(p * b.strides[0]..);
            for p in (0..whole).step_by(4) {
                let rows = [row(p), row(p + 1), row(p + 2), row(p + 3)];
                L::transpose_4x4(rows, num_traits::one(), to.get_unchecked_mut(p..), BLOCK_K);
            }
        }
        for p in whole..depth {
            (0..4).for_each(|column| to[column * BLOCK_K + p] = b.elements[p * b.strides[0] + column]);
        }
        let a = a.part(0, first);
        // SAFETY: the caller's; the rows and terms are those of the matrices.
        unsafe {
            for row in (0..m - m % 2).step_by(2) {
                dots::<L, 2>(a.part(row, 0), &columns.0, depth, first > 0, &mut c[row * stride..], stride);
            }
            if m % 2 == 1 {
                dots::<L, 1>(a.part(m - 1, 0), &columns.0, depth, first > 0, &mut c[(m - 1) * stride..], stride);
            }
        }
    }
}

/// Dot products of rows of `a` and four columns, which are zero from `depth` on; added to `c` if `accumulate`.
///
/// # Safety
/// The processor has the instructions of `L`. So many terms of the rows lie inside the slice, each row's together.
#[inline(always)]
unsafe fn dots<L: Lanes, const ROWS: usize>(
    a: Matrix<'_, L::Element>,
    columns: &[[L::Element; BLOCK_K]; 4],
    depth: usize,
    accumulate: bool,
    c: &mut [L::Element],
    stride: usize,
) {
    const { assert!(BLOCK_K.is_multiple_of(L::LANES)) };
    // SAFETY: the caller's; columns are as long as whole vectors.
    unsafe {
        let mut sums = [[L::splat(num_traits::zero()); 4]; ROWS];
        for p in (0..depth).step_by(L::LANES) {
            let lanes = L::LANES.min(depth - p);
            for row in 0..ROWS {
                let x = load::<L>(
                    a.elements.get_unchecked(row * a.strides[0] + p..).get_unchecked(..lanes),
                    num_traits::zero(),
                );
                for column in 0..4 {
                    let y = L::load(columns[column].get_unchecked(p..));
                    sums[row][column] = x.accumulate(y, sums[row][column]);
                }
            }
        }
        for row in 0..ROWS {
            let c = &mut c[row * stride..][..4];
            for (c, sum) in c.iter_mut().zip(L::sums(sums[row])) {
                *c = if accumulate { *c + sum } else { sum };
            }
        }
    }
}
