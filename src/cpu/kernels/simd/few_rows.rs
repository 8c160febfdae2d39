//! Products of a few rows and a matrix that is read once, from memory, and not packed.
//!
//! Each element is summed up in the order of [`multiply_packed`](super::product::multiply_packed), term after term: so a row is
//! the same, bit for bit, alone and in a batch of many.

use super::product::DEPTH;
use super::vector::{MAX_LANES, Vector, load, of_rows, store};
use crate::cpu::kernels::matrix::Matrix;
use crate::cpu::memory::Elements;
use crate::cpu::parallel::Place;

/// The most rows that are multiplied so.
pub const FEW_ROWS: usize = 4;

/// How many rows of `b` are read at once: with 4, a matrix of 64 MiB took 8 % longer, with 2 and 1 a quarter.
const STREAMS: usize = 8;
/// How many terms of columns are turned at once.
const TERMS: usize = 4;

/// The product of `a (m, k)` and `b (k, n)`, whose rows or columns lie together, into columns of the row-major `c`.
///
/// # Safety
/// The processor has the instructions of `V`. The matrices lie inside their slices.
#[inline(always)]
pub unsafe fn multiply<V: Vector>(k: usize, a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut Place<'_, f32>) {
    let [m, _] = c.size();
    // SAFETY: the caller's.
    unsafe {
        if b.strides[1] == 1 {
            of_rows!(m, FEW_ROWS, add_rows::<V>(k, a, b, c));
        } else {
            assert!(b.strides[0] == 1, "rows or columns that lie together");
            of_rows!(m, FEW_ROWS, dot_columns::<V>(k, a, b, c));
        }
    }
}

/// Where the rows of `b` lie together: each is added, times its factor, to the results.
///
/// # Safety
/// As of [`multiply`], with so many rows.
#[inline(always)]
unsafe fn add_rows<V: Vector, const ROWS: usize>(
    k: usize,
    a: Matrix<'_, f32>,
    b: Matrix<'_, f32>,
    c: &mut Place<'_, f32>,
) {
    let columns = c.columns();
    let width = columns.len();
    let mut later = (k > DEPTH).then(|| Elements::any(ROWS * width));
    for first in (0..k).step_by(DEPTH) {
        let (end, stride) = (k.min(first + DEPTH), if first == 0 { c.size()[1] } else { width });
        let sums = match &mut later {
            Some(later) if first > 0 => later.get_mut().expect("new elements have one holder").as_mut_ptr(),
            _ => c.rows(0..ROWS, columns.clone()),
        };
        // SAFETY: the caller's; the sums are those of the columns, or room for as many.
        unsafe {
            for row in 0..ROWS {
                std::slice::from_raw_parts_mut(sums.add(row * stride), width).fill(0.0);
            }
            let whole = first + (end - first) / STREAMS * STREAMS;
            for term in (first..whole).step_by(STREAMS) {
                add_terms::<V, ROWS, STREAMS>(a.part(0, term), b.part(term, columns.start), sums, [width, stride]);
            }
            for term in whole..end {
                add_terms::<V, ROWS, 1>(a.part(0, term), b.part(term, columns.start), sums, [width, stride]);
            }
            if first > 0 {
                for row in 0..ROWS {
                    let later = std::slice::from_raw_parts(sums.add(row * width), width);
                    c.row(row, columns.clone()).iter_mut().zip(later).for_each(|(c, sum)| *c += sum);
                }
            }
        }
    }
}

/// Adds so many terms, one after another, to sums of so many columns, whose rows lie `stride` apart.
///
/// # Safety
/// As of [`multiply`], with so many rows, and as many sums.
#[inline(always)]
unsafe fn add_terms<V: Vector, const ROWS: usize, const TERMS: usize>(
    a: Matrix<'_, f32>,
    b: Matrix<'_, f32>,
    sums: *mut f32,
    [width, stride]: [usize; 2],
) {
    // SAFETY: the caller's.
    unsafe {
        let mut factors = [[V::splat(0.0); TERMS]; ROWS];
        for row in 0..ROWS {
            for term in 0..TERMS {
                factors[row][term] = V::splat(*a.elements.get_unchecked(row * a.strides[0] + term * a.strides[1]));
            }
        }
        let whole = width - width % V::LANES;
        for column in (0..whole).step_by(V::LANES) {
            let mut terms = [V::splat(0.0); TERMS];
            for term in 0..TERMS {
                let from = b.elements.get_unchecked(term * b.strides[0] + column..);
                terms[term] = V::load(from);
            }
            for row in 0..ROWS {
                let at = sums.add(row * stride + column);
                let mut sum = V::load(std::slice::from_raw_parts(at, V::LANES));
                for term in 0..TERMS {
                    sum = factors[row][term].mul_add(terms[term], sum);
                }
                sum.write(at);
            }
        }
        if whole < width {
            for row in 0..ROWS {
                let sums = std::slice::from_raw_parts_mut(sums.add(row * stride + whole), width - whole);
                let mut sum = load::<V>(sums, 0.0);
                for term in 0..TERMS {
                    let from = &b.elements[term * b.strides[0] + whole..][..width - whole];
                    sum = factors[row][term].mul_add(load(from, 0.0), sum);
                }
                store(sum, sums);
            }
        }
    }
}

/// Where the columns of `b` lie together: a vector has the sums of as many columns, whose terms are turned four by four.
///
/// # Safety
/// As of [`multiply`], with so many rows.
#[inline(always)]
unsafe fn dot_columns<V: Vector, const ROWS: usize>(
    k: usize,
    a: Matrix<'_, f32>,
    b: Matrix<'_, f32>,
    c: &mut Place<'_, f32>,
) {
    const { assert!(TERMS == 4 && V::LANES.is_multiple_of(4)) };
    let columns = c.columns();
    for column in columns.clone().step_by(V::LANES) {
        let width = V::LANES.min(columns.end - column);
        let b = b.part(0, column);
        // Behind the last column, it is taken again.
        let at = |lane: usize, term: usize| lane.min(width - 1) * b.strides[1] + term;
        // SAFETY: the caller's; each column has as many terms.
        unsafe {
            let mut totals = [V::splat(0.0); ROWS];
            for first in (0..k).step_by(DEPTH) {
                let end = k.min(first + DEPTH);
                let whole = first + (end - first) / TERMS * TERMS;
                let mut sums = [V::splat(0.0); ROWS];
                for term in (first..whole).step_by(TERMS) {
                    let mut four = [V::splat(0.0); 4];
                    for i in 0..4 {
                        let column = |group: usize| b.elements.get_unchecked(at(4 * group % V::LANES + i, term)..);
                        four[i] = V::load_fours([column(0), column(1), column(2), column(3)]);
                    }
                    let four = V::turn_fours(four);
                    for row in 0..ROWS {
                        for i in 0..TERMS {
                            let factor = *a.elements.get_unchecked(row * a.strides[0] + (term + i) * a.strides[1]);
                            sums[row] = V::splat(factor).mul_add(four[i], sums[row]);
                        }
                    }
                }
                for term in whole..end {
                    let mut terms = [0.0; MAX_LANES];
                    for lane in 0..V::LANES {
                        terms[lane] = *b.elements.get_unchecked(at(lane, term));
                    }
                    for row in 0..ROWS {
                        let factor = *a.elements.get_unchecked(row * a.strides[0] + term * a.strides[1]);
                        sums[row] = V::splat(factor).mul_add(V::load(&terms), sums[row]);
                    }
                }
                for row in 0..ROWS {
                    totals[row] = if first == 0 { sums[row] } else { sums[row].add(totals[row]) };
                }
            }
            for row in 0..ROWS {
                store(totals[row], c.row(row, column..column + width));
            }
        }
    }
}
