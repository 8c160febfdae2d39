//! Packing: copies of matrices in the order in which the micro-kernel reads them.

use super::vector::{LINE, Lanes, Vector, even_chunks};
use super::wide_number::Wide;
use crate::cpu::kernels::matrix::Matrix;
use crate::cpu::memory::copy_few;
#[cfg(all(target_arch = "x86_64", feature = "avx512"))]
use {super::block_sizes::BLOCK_B, crate::backend::Number, crate::cpu::memory::Elements, std::ops::Range};

/// The prefetch distance, in elements of a row.
const AHEAD: usize = 4 * LINE;

/// The first panels of a matrix `(k, n)`, as many as there is room for.
///
/// # Safety
/// The processor has the instructions of `V`. The matrix lies inside its slice.
#[inline(always)]
pub unsafe fn panels<V: Vector, S: Wide>(b: Matrix<'_, S>, [k, n]: [usize; 2], to: &mut [S]) {
    let width = 2 * S::Lanes::<V>::LANES;
    let block = to.len() / k;
    if b.strides[1] == 1 && block <= n {
        // Along rows, for several panels at a time: the stride may be large.
        for term in 0..k {
            let row = &b.elements[term * b.strides[0]..][..block];
            for (panel, row) in row.chunks_exact(width).enumerate() {
                let to = &mut to[(panel * k + term) * width..][..width];
                // SAFETY: the caller's; both are two vectors long.
                unsafe {
                    S::Lanes::<V>::load(row).store(to);
                    S::Lanes::<V>::load(&row[S::Lanes::<V>::LANES..]).store(&mut to[S::Lanes::<V>::LANES..]);
                }
            }
        }
        return;
    }
    for (panel, to) in to.chunks_exact_mut(k * width).enumerate() {
        let first = panel * width;
        // SAFETY: the caller's.
        unsafe { pack::<S::Lanes<V>>(to, b.part(0, first).transposed(), [width.min(n - first), k], width) };
    }
}

/// Calls `f` for a few panels of these columns at a time, as many as stay in the L2 cache, with the columns and memory for their panels, of
/// so many rows and so wide.
#[cfg(all(target_arch = "x86_64", feature = "avx512"))]
pub fn for_each_packed_part<T: Number>(
    [rows, width]: [usize; 2],
    columns: Range<usize>,
    mut f: impl FnMut(Range<usize>, &mut [T]),
) {
    let most = (BLOCK_B / size_of::<T>() / rows / width * width).max(width);
    let mut room = Elements::arbitrary(rows * most.min(columns.len().next_multiple_of(width)));
    let panels = room.get_mut().expect("new elements have one holder");
    for first in columns.clone().step_by(most) {
        let part = first..columns.end.min(first + most);
        let size = rows * part.len().next_multiple_of(width);
        f(part, &mut panels[..size]);
    }
}

/// As [`panels`], of so many columns each, of numbers that are widened later.
pub fn narrow_panels<T: Copy + Default>(b: Matrix<'_, T>, [k, n]: [usize; 2], width: usize, to: &mut [T]) {
    /// The terms that are transposed at a time: the part of a panel stays in the L1 cache.
    const TERMS: usize = 64;
    for (panel, to) in to.chunks_exact_mut(k * width).enumerate() {
        let (first, columns) = (panel * width, width.min(n - panel * width));
        for (part, to) in to.chunks_mut(TERMS * width).enumerate() {
            let b = b.part(part * TERMS, first);
            if b.strides[1] == 1 {
                for (term, to) in to.chunks_exact_mut(width).enumerate() {
                    to[..columns].copy_from_slice(&b.elements[term * b.strides[0]..][..columns]);
                    to[columns..].fill(T::default());
                }
                continue;
            }
            if columns < width {
                to.fill(T::default());
            }
            let terms = to.len() / width;
            for column in 0..columns {
                let from = &b.elements[column * b.strides[1]..];
                if b.strides[0] == 1 {
                    to[column..].iter_mut().step_by(width).zip(&from[..terms]).for_each(|(to, from)| *to = *from);
                } else {
                    let to = to[column..].iter_mut().step_by(width).enumerate();
                    to.for_each(|(term, to)| *to = from[term * b.strides[0]]);
                }
            }
        }
    }
}

/// A small matrix `(k, n)` with contiguous rows.
///
/// # Safety
/// The processor has the instructions of `V`. The matrix lies inside its slice.
#[inline(always)]
pub unsafe fn rows<V: Vector, S: Wide>(b: Matrix<'_, S>, [k, n]: [usize; 2], to: &mut [S]) {
    // SAFETY: the caller's.
    unsafe { pack::<S::Lanes<V>>(to, b.transposed(), [n, k], n) };
}

/// Rows of `a` packed for tiles of nearly equal height.
///
/// # Safety
/// The processor has the instructions of `V`. The matrix lies inside its slice.
#[inline(always)]
pub unsafe fn tiles<V: Vector, S: Wide>(a: Matrix<'_, S>, [rows, columns]: [usize; 2], to: &mut [S]) {
    if a.strides[0] == 1 {
        return pack_columns::<S::Lanes<V>>(to, a, [rows, columns]);
    }
    for (row, height) in even_chunks(rows, S::Lanes::<V>::TILE) {
        // SAFETY: the caller's.
        unsafe { pack::<S::Lanes<V>>(&mut to[row * columns..], a.part(row, 0), [height, columns], height) };
    }
}

/// Packs rows for tiles, column by column: for contiguous columns at a large stride, each of which is read once.
#[inline(always)]
fn pack_columns<L: Lanes>(to: &mut [L::Element], from: Matrix<'_, L::Element>, [rows, columns]: [usize; 2]) {
    for column in 0..columns {
        let from = &from.elements[column * from.strides[1]..][..rows];
        for (row, height) in even_chunks(rows, L::TILE) {
            copy_few(&mut to[row * columns + column * height..][..height], &from[row..][..height]);
        }
    }
}

/// Packs rows of a matrix into a panel: column after column, padded with zeros to `height` rows.
///
/// # Safety
/// The processor has the instructions of `L`. The matrix lies inside its slice.
#[inline(always)]
unsafe fn pack<L: Lanes>(
    to: &mut [L::Element],
    from: Matrix<'_, L::Element>,
    [rows, columns]: [usize; 2],
    height: usize,
) {
    let [row_stride, column_stride] = from.strides;
    let to = &mut to[..height * columns];
    if row_stride == 1 {
        for (column, to) in to.chunks_exact_mut(height).enumerate() {
            to[..rows].copy_from_slice(&from.elements[column * column_stride..][..rows]);
            to[rows..].fill(num_traits::zero());
        }
        return;
    }
    if rows < height {
        to.chunks_exact_mut(height).for_each(|to| to[rows..].fill(num_traits::zero()));
    }
    // Blocks of 4 × 4; the last ones overlap those before them.
    if column_stride == 1 && rows >= 4 && columns >= 4 {
        // A cache line of each row at a time, before another evicts it.
        for line in (0..columns).step_by(LINE) {
            let end = columns.min(line + LINE);
            for row in 0..rows {
                L::prefetch(from.elements.as_ptr().wrapping_add(row * row_stride + line + AHEAD));
            }
            for row in (0..rows).step_by(4) {
                let row = row.min(rows - 4);
                for column in (line..end).step_by(4) {
                    let column = column.min(columns - 4);
                    // SAFETY: the caller's; there are four rows and four columns more, here and there.
                    unsafe {
                        let part = |i: usize| from.elements.get_unchecked((row + i) * row_stride + column..);
                        let to = to.get_unchecked_mut(column * height + row..);
                        L::transpose_4x4([part(0), part(1), part(2), part(3)], num_traits::one(), to, height);
                    }
                }
            }
        }
        return;
    }
    for row in 0..rows {
        let from = &from.elements[row * row_stride..];
        for column in 0..columns {
            to[column * height + row] = from[column * column_stride];
        }
    }
}
