//! Matrices in the order in which the kernel of the product reads them.

use super::vector::{LINE, Vector, even_parts};
use super::{Level, panels_at, tile_at};
use crate::backend::cpu::matmul::Matrix;
use crate::backend::cpu::memory::Elements;
use crate::backend::cpu::parallel::for_each_chunk;
use std::ops::Range;

/// How many elements of a row are asked for ahead.
const AHEAD: usize = 4 * LINE;

/// How many panels are packed together.
const PANELS: usize = 4;

/// A matrix `(k, n)` in panels of as many columns as a tile has: row after row of a panel, and zeros behind the last column.
pub struct Packed {
    pub panels: Elements<f32>,
    pub size: [usize; 2],
    pub width: usize,
    /// Which columns they are, and of how many that the result has.
    pub columns: Range<usize>,
    pub all_columns: usize,
}

impl Packed {
    /// Some columns of `b (k, n)`.
    pub fn new(level: Level, b: Matrix<'_, f32>, [k, n]: [usize; 2], columns: Range<usize>) -> Self {
        let ([_, width], b, count) = (tile_at(level), b.part(0, columns.start), columns.len());
        Packed::of_panels([k, n], columns, width, PANELS, |first, to| {
            panels_at(level, b.part(0, first), [k, count - first], to);
        })
    }

    /// Some columns of a matrix `(k, n)`: `write` writes so many panels together, or less, from the given column of these on.
    pub fn of_panels(
        [k, n]: [usize; 2],
        columns: Range<usize>,
        width: usize,
        together: usize,
        write: impl Fn(usize, &mut [f32]) + Sync,
    ) -> Self {
        let mut panels = Elements::any(k * columns.len().next_multiple_of(width));
        let room = panels.get_mut().expect("new elements have one holder");
        let block = together * width;
        for_each_chunk(room, k * block, 2 * k * block, |index, to| write(index * block, to));
        Packed { panels, size: [k, columns.len()], width, columns, all_columns: n }
    }
}

/// The first panels of a matrix `(k, n)`, as many as there is room for.
///
/// # Safety
/// The processor has the instructions of `V`. The matrix lies inside its slice.
#[inline(always)]
pub unsafe fn panels<V: Vector>(b: Matrix<'_, f32>, [k, n]: [usize; 2], to: &mut [f32]) {
    let width = 2 * V::LANES;
    let block = to.len() / k;
    if b.strides[1] == 1 && block <= n {
        // Whole rows of several panels: from a row to the next may be far.
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

/// A small matrix `(k, n)` with its rows one after another.
///
/// # Safety
/// The processor has the instructions of `V`. The matrix lies inside its slice.
#[inline(always)]
pub unsafe fn rows<V: Vector>(b: Matrix<'_, f32>, [k, n]: [usize; 2], to: &mut [f32]) {
    // SAFETY: the caller's.
    unsafe { pack::<V>(to, b.transposed(), [n, k], n) };
}

/// Rows in tiles, as even as can be, one after another.
///
/// # Safety
/// The processor has the instructions of `V`. The matrix lies inside its slice.
#[inline(always)]
pub unsafe fn tiles<V: Vector>(a: Matrix<'_, f32>, [rows, columns]: [usize; 2], to: &mut [f32]) {
    if a.strides[0] == 1 {
        return pack_columns::<V>(to, a, [rows, columns]);
    }
    for (row, height) in even_parts(rows, V::TILE) {
        // SAFETY: the caller's.
        unsafe { pack::<V>(&mut to[row * columns..], a.part(row, 0), [height, columns], height) };
    }
}

/// Packs rows for tiles, column after column: where the columns lie together and far from each other, each is read once.
#[inline(always)]
fn pack_columns<V: Vector>(to: &mut [f32], from: Matrix<'_, f32>, [rows, columns]: [usize; 2]) {
    for column in 0..columns {
        let from = &from.elements[column * from.strides[1]..][..rows];
        for (row, height) in even_parts(rows, V::TILE) {
            copy_few(&mut to[row * columns + column * height..][..height], &from[row..][..height]);
        }
    }
}

/// Copies some numbers, of which there are too few for a call: by two parts of a fixed length, which may overlap.
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

/// A panel of the rows of a matrix: column after column, and zeros for the rows that it lacks.
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
    // Four rows and columns at a time; the last ones may be turned twice, so that none is left.
    if column_stride == 1 && rows >= 4 && columns >= 4 {
        // A row is read line by line, before another takes its place in the cache.
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
                        V::turn([part(0), part(1), part(2), part(3)], 1.0, to, height);
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
