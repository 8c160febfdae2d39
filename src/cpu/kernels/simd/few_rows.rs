//! Products of a few rows (GEMV and thin GEMM): the matrix is streamed from memory once, and not packed.
//!
//! Each element is summed over k in the same order as by [`multiply_packed`](super::blocked::multiply_packed): so a row is
//! the same, bit for bit, alone and in a batch of many.

use super::block_sizes::BLOCK_K;
use super::narrow::Narrow;
use super::terms::{AsTheyAre, SumOf, Terms, Widened};
use super::vector::{Lanes, MAX_LANES, Vector, dispatch_rows, even_chunks, load, store};
use super::wide_number::Wide;
use crate::cpu::kernels::matrix::Matrix;
use crate::cpu::memory::Elements;
use crate::cpu::parallel::ColumnsMut;

/// The most rows for this kernel.
pub const FEW_ROWS: usize = 4;

/// Concurrent streams, the rows of `b` that are read at once: with 4, a matrix of 64 MiB took 8 % longer, with 2 and 1 a
/// quarter.
const STREAMS: usize = 8;
/// The elements of contiguous columns that are transposed at once.
const UNROLL: usize = 4;

/// The product of `a (m, k)` and `b (k, n)`, whose rows or columns are contiguous, into columns of the row-major `c`.
///
/// # Safety
/// The processor has the instructions of `V`. The matrices lie inside their slices.
#[inline(always)]
pub unsafe fn multiply<V: Vector, S: Wide>(k: usize, a: Matrix<'_, S>, b: Matrix<'_, S>, c: &mut ColumnsMut<'_, S>) {
    // SAFETY: the caller's.
    unsafe { multiply_terms::<AsTheyAre<S::Lanes<V>>>(k, a, b, c) }
}

/// As [`multiply`], of a narrow `b`.
///
/// # Safety
/// As there.
#[inline(always)]
pub unsafe fn multiply_narrow<V: Vector, T: Narrow>(
    k: usize,
    a: Matrix<'_, f32>,
    b: Matrix<'_, T>,
    c: &mut ColumnsMut<'_, f32>,
) {
    // SAFETY: the caller's.
    unsafe { multiply_terms::<Widened<V, T>>(k, a, b, c) }
}

/// As [`multiply`], of any terms: of `a` they are packed, those of `b` lie as they do in a matrix of `k` rows.
///
/// # Safety
/// As there.
#[inline(always)]
pub unsafe fn multiply_terms<T: Terms>(
    k: usize,
    a: Matrix<'_, T::Term>,
    b: Matrix<'_, T::Number>,
    c: &mut ColumnsMut<'_, SumOf<T>>,
) {
    let [m, _] = c.size();
    assert!(b.strides.contains(&1), "rows or columns that lie together");
    for (row, height) in even_chunks(m, T::ROWS) {
        let a = a.part(row, 0);
        // SAFETY: the caller's.
        unsafe {
            if b.strides[1] == 1 {
                dispatch_rows!(height, T::ROWS, add_rows::<T>(k, a, b, c, row));
            } else {
                dispatch_rows!(height, T::ROWS, dot_columns::<T>(k, a, b, c, row));
            }
        }
    }
}

/// For contiguous rows of `b`: each is scaled and added to the results (axpy).
///
/// # Safety
/// As of [`multiply`], with so many rows, into those from the first one on.
#[inline(always)]
unsafe fn add_rows<T: Terms, const ROWS: usize>(
    k: usize,
    a: Matrix<'_, T::Term>,
    b: Matrix<'_, T::Number>,
    c: &mut ColumnsMut<'_, SumOf<T>>,
    first_row: usize,
) {
    let columns = c.columns();
    let width = columns.len();
    let (terms, block) = (k.div_ceil(T::DEPTH), BLOCK_K / T::DEPTH);
    let mut later = (terms > block).then(|| Elements::arbitrary(ROWS * width));
    for first in (0..terms).step_by(block) {
        let (end, stride) = (terms.min(first + block), if first == 0 { c.size()[1] } else { width });
        let sums = match &mut later {
            Some(later) if first > 0 => later.get_mut().expect("new elements have one holder").as_mut_ptr(),
            _ => c.rows(first_row..first_row + ROWS, columns.clone()),
        };
        // SAFETY: the caller's; the sums are those of the columns, or room for as many.
        unsafe {
            for row in 0..ROWS {
                std::slice::from_raw_parts_mut(sums.add(row * stride), width).fill(num_traits::zero());
            }
            let mut whole = first;
            if const { T::Lanes::UNROLLS } {
                whole += (end - first) / STREAMS * STREAMS;
                for p in (first..whole).step_by(STREAMS) {
                    let b = b.part(p * T::DEPTH, columns.start);
                    rank_k_update::<T, ROWS, STREAMS>(k - p * T::DEPTH, a.part(0, p), b, sums, [width, stride]);
                }
            }
            for p in whole..end {
                let b = b.part(p * T::DEPTH, columns.start);
                rank_k_update::<T, ROWS, 1>(k - p * T::DEPTH, a.part(0, p), b, sums, [width, stride]);
            }
            if first > 0 {
                for row in 0..ROWS {
                    let later = std::slice::from_raw_parts(sums.add(row * width), width);
                    c.row(first_row + row, columns.clone()).iter_mut().zip(later).for_each(|(c, sum)| *c += *sum);
                }
            }
        }
    }
}

/// A rank-K update of `width` columns, one term after another, of which `left` rows of `b` are left; the rows of the sums lie
/// `stride` apart.
///
/// # Safety
/// As of [`multiply`], with so many rows, and as many sums.
#[inline(always)]
unsafe fn rank_k_update<T: Terms, const ROWS: usize, const K: usize>(
    left: usize,
    a: Matrix<'_, T::Term>,
    b: Matrix<'_, T::Number>,
    sums: *mut SumOf<T>,
    [width, stride]: [usize; 2],
) {
    // SAFETY: the caller's.
    unsafe {
        let mut factors = [[T::splat(T::Term::default()); K]; ROWS];
        for row in 0..ROWS {
            for p in 0..K {
                factors[row][p] = T::splat(*a.elements.get_unchecked(row * a.strides[0] + p * a.strides[1]));
            }
        }
        let whole = width - width % T::Lanes::LANES;
        let (row_stride, row_of) = (b.strides[0], |p: usize| p * T::DEPTH * b.strides[0]);
        for column in (0..whole).step_by(T::Lanes::LANES) {
            let mut rows = [T::splat(T::Term::default()); K];
            for p in 0..K {
                let from = b.elements.get_unchecked(row_of(p) + column..);
                rows[p] = T::load_row(from, row_stride, left - p * T::DEPTH);
            }
            for row in 0..ROWS {
                let at = sums.add(row * stride + column);
                let mut sum = T::Lanes::load(std::slice::from_raw_parts(at, T::Lanes::LANES));
                for p in 0..K {
                    sum = T::accumulate(factors[row][p], rows[p], sum);
                }
                sum.write(at);
            }
        }
        if whole < width {
            for row in 0..ROWS {
                let sums = std::slice::from_raw_parts_mut(sums.add(row * stride + whole), width - whole);
                let mut sum = load::<T::Lanes>(sums, num_traits::zero());
                for p in 0..K {
                    let from = &b.elements[row_of(p) + whole..];
                    let terms = T::load_part_of_row(from, row_stride, left - p * T::DEPTH, width - whole);
                    sum = T::accumulate(factors[row][p], terms, sum);
                }
                store(sum, sums);
            }
        }
    }
}

/// For contiguous columns of `b`: each lane sums one column, whose elements are transposed four by four.
///
/// # Safety
/// As of [`multiply`], with so many rows, into those from the first one on.
#[inline(always)]
unsafe fn dot_columns<T: Terms, const ROWS: usize>(
    k: usize,
    a: Matrix<'_, T::Term>,
    b: Matrix<'_, T::Number>,
    c: &mut ColumnsMut<'_, SumOf<T>>,
    first_row: usize,
) {
    const { assert!(UNROLL == 4 && T::Lanes::LANES.is_multiple_of(4)) };
    let (columns, terms, block) = (c.columns(), k.div_ceil(T::DEPTH), BLOCK_K / T::DEPTH);
    for column in columns.clone().step_by(T::Lanes::LANES) {
        let width = T::Lanes::LANES.min(columns.end - column);
        let b = b.part(0, column);
        // Lanes after the last column read it again.
        let at = |lane: usize, p: usize| lane.min(width - 1) * b.strides[1] + p * T::DEPTH;
        // SAFETY: the caller's; each column has as many terms.
        unsafe {
            let mut totals = [T::Lanes::splat(num_traits::zero()); ROWS];
            for first in (0..terms).step_by(block) {
                let end = terms.min(first + block);
                // Terms whose numbers are all there.
                let whole = first + (end.min(k / T::DEPTH) - first) / UNROLL * UNROLL;
                let mut sums = [T::Lanes::splat(num_traits::zero()); ROWS];
                for p in (first..whole).step_by(UNROLL) {
                    let mut four = [T::splat(T::Term::default()); 4];
                    for i in 0..4 {
                        let column = |group: usize| b.elements.get_unchecked(at(4 * group % T::Lanes::LANES + i, p)..);
                        four[i] = T::load_groups([column(0), column(1), column(2), column(3)]);
                    }
                    let four = T::transpose_groups(four);
                    for row in 0..ROWS {
                        for i in 0..UNROLL {
                            let factor = *a.elements.get_unchecked(row * a.strides[0] + (p + i) * a.strides[1]);
                            sums[row] = T::accumulate(T::splat(factor), four[i], sums[row]);
                        }
                    }
                }
                for p in whole..end {
                    let mut elements = [T::Term::default(); MAX_LANES];
                    for lane in 0..T::Lanes::LANES {
                        elements[lane] = T::term(b.elements.get_unchecked(at(lane, p)..), 1, k - p * T::DEPTH);
                    }
                    for row in 0..ROWS {
                        let factor = *a.elements.get_unchecked(row * a.strides[0] + p * a.strides[1]);
                        sums[row] = T::accumulate(T::splat(factor), T::load(&elements), sums[row]);
                    }
                }
                for row in 0..ROWS {
                    totals[row] = if first == 0 { sums[row] } else { sums[row].add(totals[row]) };
                }
            }
            for row in 0..ROWS {
                store(totals[row], c.row(first_row + row, column..column + width));
            }
        }
    }
}
