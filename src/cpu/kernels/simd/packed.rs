//! A matrix in panels of columns.

use crate::cpu::memory::Elements;
use crate::cpu::parallel::for_each_chunk;
use std::ops::Range;

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
