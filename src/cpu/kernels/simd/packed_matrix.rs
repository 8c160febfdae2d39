//! Packed matrices.

use crate::backend::Number;
use crate::cpu::memory::Elements;
use crate::cpu::parallel::for_each_chunk;
use std::ops::Range;

/// A matrix `(k, n)` packed into panels as wide as a tile: row after row of a panel, padded with zeros after the last
/// column.
pub struct PackedMatrix<T: Number> {
    pub panels: Elements<T>,
    /// The rows, and the columns that are packed.
    pub size: [usize; 2],
    /// The rows of panels: those of the matrix, and perhaps some of zeros.
    pub rows: usize,
    pub width: usize,
    /// The columns that are packed, and the number of columns of the whole matrix.
    pub columns: Range<usize>,
    pub all_columns: usize,
}

impl<T: Number> PackedMatrix<T> {
    /// Packs some columns of a matrix `(k, n)`: `write` fills `together` panels, or fewer, from the given column on.
    pub fn of_panels(
        [k, n]: [usize; 2],
        rows: usize,
        columns: Range<usize>,
        width: usize,
        together: usize,
        write: impl Fn(usize, &mut [T]) + Sync,
    ) -> Self {
        let mut panels = Elements::arbitrary(rows * columns.len().next_multiple_of(width));
        let room = panels.get_mut().expect("new elements have one holder");
        let block = together * width;
        for_each_chunk(room, rows * block, 2 * rows * block, |index, to| write(index * block, to));
        PackedMatrix { panels, size: [k, columns.len()], rows, width, columns, all_columns: n }
    }
}
