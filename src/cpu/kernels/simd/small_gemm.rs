//! Products of small matrices, which stay in the L1 cache: nothing is packed.

use super::four_columns;
use super::pair::Pair;
use super::vector::{Lanes, Vector, at_most, dispatch_rows, even_chunks, load, store};
use super::wide_number::Wide;
use crate::cpu::kernels::matrix::Matrix;

/// The product of a small `a (m, k)` and a small `b (k, n)` whose rows lie together, into `c`: nothing is packed.
///
/// # Safety
/// The processor has the instructions of `V`. The matrices lie inside their slices.
#[inline(always)]
pub unsafe fn multiply_small<V: Vector, S: Wide>(size: [usize; 3], a: Matrix<'_, S>, b: Matrix<'_, S>, c: &mut [S]) {
    // SAFETY: the caller's.
    unsafe { multiply_lanes::<S::Lanes<V>>(size, a, b, c) }
}

/// As [`multiply_small`].
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn multiply_lanes<L: Lanes>(
    [m, k, n]: [usize; 3],
    a: Matrix<'_, L::Element>,
    b: Matrix<'_, L::Element>,
    c: &mut [L::Element],
) {
    let (whole, half) = (L::LANES, L::HalfLanes::LANES);
    assert!(m.checked_mul(n) == Some(c.len()), "a product as large as its result");
    let left_over = four_columns::left_over::<L>([k, n], a);
    if left_over > 0 {
        // SAFETY: the caller's.
        unsafe { four_columns::multiply::<L>([m, k], a, b.part(0, n - left_over), &mut c[n - left_over..], n) };
    }
    let (columns, mut column) = (n - left_over, 0);
    while column < columns {
        let width = (2 * whole).min(columns - column);
        let (b, c) = (b.part(0, column), &mut c[column..]);
        // SAFETY: the caller's.
        unsafe {
            if width <= half {
                multiply_columns::<L, L::HalfLanes>([m, k, width], a, b, c, n);
            } else if width <= whole {
                multiply_columns::<L, L>([m, k, width], a, b, c, n);
            } else if width <= whole + half {
                multiply_columns::<L, Pair<L, L::HalfLanes>>([m, k, width], a, b, c, n);
            } else {
                multiply_columns::<L, Pair<L, L>>([m, k, width], a, b, c, n);
            }
        }
        column += 2 * whole;
    }
}

/// The columns of the product that fill one vector `W`, or fewer.
///
/// # Safety
/// The processor has the instructions of `L`. The columns lie inside the matrices.
#[inline(always)]
unsafe fn multiply_columns<L: Lanes, W: Lanes<Element = L::Element>>(
    [m, k, width]: [usize; 3],
    a: Matrix<'_, L::Element>,
    b: Matrix<'_, L::Element>,
    c: &mut [L::Element],
    stride: usize,
) {
    for (row, height) in even_chunks(m, at_most::<L>(8)) {
        let (a, c) = (a.part(row, 0), &mut c[row * stride..]);
        // SAFETY: the caller's.
        unsafe { dispatch_rows!(height, at_most::<L>(8), multiply_rows::<W>([k, width], a, b, c, stride)) };
    }
}

/// The factors of a product, as row-major matrices.
///
/// # Panics
/// A matrix is not of its size.
#[inline(always)]
pub fn row_major<'a>([m, k, n]: [usize; 3], a: &'a [f32], b: &'a [f32], c: &[f32]) -> [Matrix<'a, f32>; 2] {
    let is_of = |x: &[f32], rows: usize, columns| rows.checked_mul(columns) == Some(x.len());
    assert!(is_of(a, m, k) && is_of(b, k, n) && is_of(c, m, n), "matrices of their sizes");
    [Matrix { elements: a, strides: [k, 1] }, Matrix { elements: b, strides: [n, 1] }]
}

/// Sizes `(m, k, n)` of a product that the compiler knows.
pub trait StaticSizes {
    /// They.
    const SIZES: [usize; 3];
}

/// [`multiply_small`] of row-major matrices, whose sizes the compiler knows.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn multiply_static<V: Vector, S: StaticSizes>(a: &[f32], b: &[f32], c: &mut [f32]) {
    let [a, b] = row_major(S::SIZES, a, b, c);
    // SAFETY: the caller's.
    unsafe { multiply_small::<V, f32>(S::SIZES, a, b, c) };
}

/// A tile of `width` columns, from unpacked `a` and `b`.
///
/// # Safety
/// The processor has the instructions of `W`. The tile lies inside the matrices, and inside `c`.
#[inline(always)]
unsafe fn multiply_rows<W: Lanes, const ROWS: usize>(
    [k, width]: [usize; 2],
    a: Matrix<'_, W::Element>,
    b: Matrix<'_, W::Element>,
    c: &mut [W::Element],
    stride: usize,
) {
    // Elements after the columns may be loaded if they are inside the slice; their sums are not written.
    let readable = match b.elements.len().checked_sub(W::LANES) {
        _ if width == W::LANES => k,
        None => 0,
        Some(last) => k.min(last.checked_div(b.strides[0]).unwrap_or(k) + 1),
    };
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [W::splat(num_traits::zero()); ROWS];
        for p in 0..readable {
            let b = W::load(b.elements.get_unchecked(p * b.strides[0]..));
            rank_1_update(a, p, b, &mut sums);
        }
        for p in readable..k {
            let b = load(b.elements.get_unchecked(p * b.strides[0]..).get_unchecked(..width), num_traits::zero());
            rank_1_update(a, p, b, &mut sums);
        }
        for (row, sum) in sums.into_iter().enumerate() {
            store(sum, c.get_unchecked_mut(row * stride..).get_unchecked_mut(..width));
        }
    }
}

/// The rank-1 update: adds the outer product of column `p` of `a` and row `p` of `b`.
///
/// # Safety
/// The processor has the instructions of `W`. Row `p` of `b` lies inside the matrix.
#[inline(always)]
unsafe fn rank_1_update<W: Lanes, const ROWS: usize>(a: Matrix<'_, W::Element>, p: usize, b: W, sums: &mut [W; ROWS]) {
    let first = p * a.strides[1];
    for row in 0..ROWS {
        // SAFETY: the caller's.
        unsafe {
            let factor = *a.elements.get_unchecked(row * a.strides[0] + first);
            sums[row] = W::splat(factor).accumulate(b, sums[row]);
        }
    }
}
