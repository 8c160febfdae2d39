//! Packing: copies of matrices in the order in which the micro-kernel reads them.

use super::vector::{LINE, Vector, even_chunks};
use crate::cpu::kernels::matrix::Matrix;

/// The prefetch distance, in elements of a row.
const AHEAD: usize = 4 * LINE;

/// The first panels of a matrix `(k, n)`, as many as there is room for.
///
/// # Safety
/// The processor has the instructions of `V`. The matrix lies inside its slice.
#[inline(always)]
pub unsafe fn panels<V: Vector>(b: Matrix<'_, f32>, [k, n]: [usize; 2], to: &mut [f32]) {
    let width = 2 * V::LANES;
    let block = to.len() / k;
    if b.strides[1] == 1 && block <= n {
        // Along rows, for several panels at a time: the stride may be large.
        for term in 0..k {
            let row = &b.elements[term * b.strides[0]..][..block];
            for (panel, row) in row.chunks_exact(width).enumerate() {
                let to = &mut to[(panel * k + term) * width..][..width];
                // SAFETY: the caller's; both are two vectors long.
                unsafe {
                    V::load(row).store(to);
                    V::load(&row[V::LANES..]).store(&mut to[V::LANES..]);
                }
            }
        }
        return;
    }
    for (panel, to) in to.chunks_exact_mut(k * width).enumerate() {
        let first = panel * width;
        // SAFETY: the caller's.
        unsafe { pack::<V>(to, b.part(0, first).transposed(), [width.min(n - first), k], width) };
    }
}

/// A small matrix `(k, n)` with contiguous rows.
///
/// # Safety
/// The processor has the instructions of `V`. The matrix lies inside its slice.
#[inline(always)]
pub unsafe fn rows<V: Vector>(b: Matrix<'_, f32>, [k, n]: [usize; 2], to: &mut [f32]) {
    // SAFETY: the caller's.
    unsafe { pack::<V>(to, b.transposed(), [n, k], n) };
}

/// Rows of `a` packed for tiles of nearly equal height.
///
/// # Safety
/// The processor has the instructions of `V`. The matrix lies inside its slice.
#[inline(always)]
pub unsafe fn tiles<V: Vector>(a: Matrix<'_, f32>, [rows, columns]: [usize; 2], to: &mut [f32]) {
    if a.strides[0] == 1 {
        return pack_columns::<V>(to, a, [rows, columns]);
    }
    for (row, height) in even_chunks(rows, V::TILE) {
        // SAFETY: the caller's.
        unsafe { pack::<V>(&mut to[row * columns..], a.part(row, 0), [height, columns], height) };
    }
}

/// Packs rows for tiles, column by column: for contiguous columns at a large stride, each of which is read once.
#[inline(always)]
fn pack_columns<V: Vector>(to: &mut [f32], from: Matrix<'_, f32>, [rows, columns]: [usize; 2]) {
    for column in 0..columns {
        let from = &from.elements[column * from.strides[1]..][..rows];
        for (row, height) in even_chunks(rows, V::TILE) {
            copy_few(&mut to[row * columns + column * height..][..height], &from[row..][..height]);
        }
    }
}

/// Copies so few elements that a call of `memcpy` would dominate: two copies of a fixed length, which may overlap.
#[inline(always)]
fn copy_few(to: &mut [f32], from: &[f32]) {
    #[inline(always)]
    fn ends<const LEN: usize>(to: &mut [f32], from: &[f32]) -> bool {
        if let (true, Some(first), Some(last)) =
            (from.len() <= 2 * LEN, from.first_chunk::<LEN>(), from.last_chunk::<LEN>())
        {
            to[..LEN].copy_from_slice(first);
            to[from.len() - LEN..].copy_from_slice(last);
            return true;
        }
        false
    }
    if !(ends::<8>(to, from) || ends::<4>(to, from) || ends::<2>(to, from)) {
        to.copy_from_slice(from);
    }
}

/// Packs rows of a matrix into a panel: column after column, padded with zeros to `height` rows.
///
/// # Safety
/// The processor has the instructions of `V`. The matrix lies inside its slice.
#[inline(always)]
unsafe fn pack<V: Vector>(to: &mut [f32], from: Matrix<'_, f32>, [rows, columns]: [usize; 2], height: usize) {
    let [row_stride, column_stride] = from.strides;
    let to = &mut to[..height * columns];
    if row_stride == 1 {
        for (column, to) in to.chunks_exact_mut(height).enumerate() {
            to[..rows].copy_from_slice(&from.elements[column * column_stride..][..rows]);
            to[rows..].fill(0.0);
        }
        return;
    }
    if rows < height {
        to.chunks_exact_mut(height).for_each(|to| to[rows..].fill(0.0));
    }
    // Blocks of 4 × 4; the last ones overlap those before them.
    if column_stride == 1 && rows >= 4 && columns >= 4 {
        // A cache line of each row at a time, before another evicts it.
        for line in (0..columns).step_by(LINE) {
            let end = columns.min(line + LINE);
            for row in 0..rows {
                V::prefetch(from.elements.as_ptr().wrapping_add(row * row_stride + line + AHEAD));
            }
            for row in (0..rows).step_by(4) {
                let row = row.min(rows - 4);
                for column in (line..end).step_by(4) {
                    let column = column.min(columns - 4);
                    // SAFETY: the caller's; there are four rows and four columns more, here and there.
                    unsafe {
                        let part = |i: usize| from.elements.get_unchecked((row + i) * row_stride + column..);
                        let to = to.get_unchecked_mut(column * height + row..);
                        V::transpose_4x4([part(0), part(1), part(2), part(3)], 1.0, to, height);
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
