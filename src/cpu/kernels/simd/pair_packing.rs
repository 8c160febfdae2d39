//! Packing of matrices of `bf16` in pairs along the inner dimension.

use super::terms::{Bf16Pairs, PairKernel};
use super::vector::{Lanes, MAX_LANES};
use crate::cpu::kernels::matrix::Matrix;
use half::bf16;

/// The numbers of four terms.
const NUMBERS: usize = 8;

/// Writes columns of a matrix, whose numbers lie together, as columns of terms: as many columns as lanes, of which rows of terms lie
/// `stride` apart.
///
/// # Safety
/// The processor has the instructions; there are so many numbers, and places for their terms.
#[inline(always)]
pub unsafe fn transpose<P: Bf16Pairs>(from: [*const bf16; MAX_LANES], numbers: usize, to: *mut u32, stride: usize) {
    let lanes = <P::Lanes as Lanes>::LANES;
    // SAFETY: the caller's.
    unsafe {
        for first in (0..numbers - numbers % NUMBERS).step_by(NUMBERS) {
            // Every fourth column; entries beyond the number of lanes are not read.
            let column = |i: usize| std::slice::from_raw_parts(from[i % lanes].add(first), NUMBERS);
            let columns = |i: usize| P::load_groups([column(i), column(i + 4), column(i + 8), column(i + 12)]);
            let rows = P::transpose_groups([columns(0), columns(1), columns(2), columns(3)]);
            for i in 0..4 {
                P::store(rows[i], std::slice::from_raw_parts_mut(to.add((first / 2 + i) * stride), lanes));
            }
        }
        for first in (numbers - numbers % NUMBERS..numbers).step_by(2) {
            let left = numbers - first;
            for lane in 0..lanes {
                let term = P::term(std::slice::from_raw_parts(from[lane].add(first), left.min(2)), 1, left);
                *to.add(first / 2 * stride + lane) = term;
            }
        }
    }
}

/// As [`pack::panels`](super::pack::panels), in terms.
pub struct PackPanels<'a, 'to> {
    pub b: Matrix<'a, bf16>,
    pub size: [usize; 2],
    /// Those of a panel: behind the last of the matrix there are zeros.
    pub terms: usize,
    pub width: usize,
    pub to: &'to mut [u32],
}

impl PairKernel for PackPanels<'_, '_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<P: Bf16Pairs>(self) {
        let PackPanels { b, size: [k, n], terms, width, to } = self;
        let lanes = <P::Lanes as Lanes>::LANES;
        assert!(width.is_multiple_of(lanes) && terms >= k.div_ceil(2), "panels of whole vectors, and all terms");
        for (panel, to) in to.chunks_exact_mut(terms * width).enumerate() {
            let (to, behind) = to.split_at_mut(k.div_ceil(2) * width);
            behind.fill(0);
            for first in (0..width).step_by(lanes) {
                let column = panel * width + first;
                let count = n.saturating_sub(column).min(lanes);
                if count == 0 {
                    to.chunks_exact_mut(width).for_each(|to| to[first..first + lanes].fill(0));
                    continue;
                }
                let b = b.part(0, column).cut([k, count]);
                // SAFETY: the caller's; the matrix was cut to what is inside its slice.
                unsafe {
                    if b.strides[1] == 1 {
                        for (term, to) in to.chunks_exact_mut(width).enumerate() {
                            let (from, left) = (&b.elements[2 * term * b.strides[0]..], k - 2 * term);
                            let terms = match count == lanes {
                                true => P::load_row(from, b.strides[0], left),
                                false => P::load_part_of_row(from, b.strides[0], left, count),
                            };
                            P::store(terms, &mut to[first..]);
                        }
                    } else if b.strides[0] == 1 && count == lanes {
                        let mut columns = [b.elements.as_ptr(); MAX_LANES];
                        (0..lanes).for_each(|i| columns[i] = b.elements[i * b.strides[1]..].as_ptr());
                        transpose::<P>(columns, k, to[first..].as_mut_ptr(), width);
                    } else {
                        for (term, to) in to.chunks_exact_mut(width).enumerate() {
                            let to = &mut to[first..first + lanes];
                            to[count..].fill(0);
                            for (i, to) in to[..count].iter_mut().enumerate() {
                                let from = &b.elements[2 * term * b.strides[0] + i * b.strides[1]..];
                                *to = P::term(from, b.strides[0], k - 2 * term);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Rows of terms of a matrix, each row `stride` terms after the one before.
pub struct PairRows<'a, 'to> {
    pub a: Matrix<'a, bf16>,
    pub size: [usize; 2],
    /// Those of a row: behind the last of the matrix there are zeros.
    pub terms: usize,
    pub stride: usize,
    pub to: &'to mut [u32],
}

impl PairKernel for PairRows<'_, '_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<P: Bf16Pairs>(self) {
        let PairRows { a, size: [rows, k], terms: all_terms, stride, to } = self;
        let (terms, lanes) = (k.div_ceil(2), <P::Lanes as Lanes>::LANES);
        let a = a.cut([rows, k]);
        for row in to.chunks_mut(stride).take(rows) {
            row[terms..all_terms].fill(0);
        }
        assert!(terms <= stride && to.len() >= (rows - 1) * stride + terms, "rows of terms end too soon");
        let mut first_row = 0;
        if a.strides[0] == 1 && a.strides[1] != 1 {
            while first_row + lanes <= rows {
                let mut first = 0;
                while first + 4 <= k / 2 {
                    // SAFETY: the caller's; so many rows of the matrix, and columns, are inside its slice.
                    unsafe {
                        let columns = |i: usize| {
                            P::load_row(&a.elements[2 * (first + i) * a.strides[1] + first_row..], a.strides[1], 2)
                        };
                        // Of each four rows the four terms.
                        let four = P::transpose_groups([columns(0), columns(1), columns(2), columns(3)]);
                        for i in 0..4 {
                            let mut terms = [0; MAX_LANES];
                            P::store(four[i], &mut terms);
                            for (group, terms) in terms.as_chunks::<4>().0.iter().enumerate().take(lanes / 4) {
                                let row = first_row + 4 * group + i;
                                to[row * stride + first..][..4].copy_from_slice(terms);
                            }
                        }
                    }
                    first += 4;
                }
                for term in first..terms {
                    for row in first_row..first_row + lanes {
                        // SAFETY: plain numbers need no instructions.
                        let of_row = unsafe {
                            P::term(&a.elements[2 * term * a.strides[1] + row..], a.strides[1], k - 2 * term)
                        };
                        to[row * stride + term] = of_row;
                    }
                }
                first_row += lanes;
            }
        }
        for row in first_row..rows {
            let (from, to) = (&a.elements[row * a.strides[0]..], &mut to[row * stride..][..terms]);
            for (term, to) in to.iter_mut().enumerate() {
                // SAFETY: plain numbers need no instructions.
                *to = unsafe { P::term(&from[2 * term * a.strides[1]..], a.strides[1], k - 2 * term) };
            }
        }
    }
}
