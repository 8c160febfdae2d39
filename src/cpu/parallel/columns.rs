//! Disjoint columns of a matrix, which threads write at the same time.

use super::chunks::for_each;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Exclusive access to some columns of a row-major matrix.
pub struct ColumnsMut<'a, T> {
    first: *mut T,
    /// The rows and columns of the matrix.
    size: [usize; 2],
    columns: Range<usize>,
    elements: PhantomData<&'a mut [T]>,
}

impl<'a, T> ColumnsMut<'a, T> {
    /// Some columns of a matrix whose rows have `row` elements.
    ///
    /// # Panics
    /// A row has no such columns, or the last one is not whole.
    pub fn new(elements: &'a mut [T], row: usize, columns: Range<usize>) -> Self {
        assert!(elements.len().is_multiple_of(row) && columns.end <= row, "columns of whole rows");
        ColumnsMut { first: elements.as_mut_ptr(), size: [elements.len() / row, row], columns, elements: PhantomData }
    }

    /// The rows and columns of the matrix.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// Which columns they are.
    pub fn columns(&self) -> Range<usize> {
        self.columns.clone()
    }

    /// Some of the columns.
    ///
    /// # Panics
    /// They are not all among them.
    pub fn part(&mut self, columns: Range<usize>) -> ColumnsMut<'_, T> {
        assert!(self.columns.start <= columns.start && columns.end <= self.columns.end, "some of the columns");
        ColumnsMut { first: self.first, size: self.size, columns, elements: PhantomData }
    }

    /// A part of a row, of some of the columns.
    ///
    /// # Panics
    /// It does not lie inside.
    #[inline(always)]
    pub fn row(&mut self, row: usize, columns: Range<usize>) -> &mut [T] {
        let first = self.rows(row..row + 1, columns.clone());
        // SAFETY: it lies inside the matrix, in columns that this value has for itself, and is borrowed from it.
        unsafe { std::slice::from_raw_parts_mut(first, columns.len()) }
    }

    /// A pointer to the first element of some rows and columns; the stride of the rows is that of the matrix.
    ///
    /// # Panics
    /// It does not lie inside.
    #[inline(always)]
    pub fn rows(&mut self, rows: Range<usize>, columns: Range<usize>) -> *mut T {
        let Range { start, end } = columns;
        let inside = self.columns.start <= start && start <= end && end <= self.columns.end;
        assert!(rows.start < rows.end && rows.end <= self.size[0] && inside, "rows and columns inside the matrix");
        // SAFETY: it lies inside the matrix.
        unsafe { self.first.add(rows.start * self.size[1] + start) }
    }

    /// Calls `f` with each contiguous run of elements and the index of its first element in the matrix.
    pub fn for_each_part(&mut self, mut f: impl FnMut(usize, &mut [T])) {
        let ([rows, row], columns) = (self.size, self.columns());
        if columns.len() == row {
            // SAFETY: this value has all of the matrix for itself, and is borrowed.
            return f(0, unsafe { std::slice::from_raw_parts_mut(self.first, rows * row) });
        }
        (0..rows).for_each(|i| f(i * row + columns.start, self.row(i, columns.clone())));
    }
}

/// Calls `f` with `columns` columns at a time of the columns `of` a matrix whose rows have `row` elements; the last call may
/// get fewer. `work` is what one call costs, in elementary operations.
///
/// # Panics
/// As [`ColumnsMut::new`].
pub fn for_each_columns<T: Send>(
    matrix: &mut [T],
    row: usize,
    of: Range<usize>,
    columns: usize,
    work: usize,
    f: impl Fn(ColumnsMut<'_, T>) + Sync,
) {
    let ColumnsMut { first, size, .. } = ColumnsMut::new(matrix, row, of.clone());
    // Any thread may have the pointer, as the elements may be sent to it.
    let first = AtomicPtr::new(first);
    for_each(of.len().div_ceil(columns), work, |i| {
        let start = of.start + i * columns;
        // Each index comes once: no two calls share a column.
        let columns = start..of.end.min(start + columns);
        f(ColumnsMut { first: first.load(Ordering::Relaxed), size, columns, elements: PhantomData });
    });
}

#[cfg(test)]
mod tests {
    use super::super::threads;
    use super::*;

    #[test]
    fn every_column_is_seen_once() {
        for (threads, of, columns) in [(1, 0..7, 3), (4, 0..7, 7), (4, 2..6, 1), (4, 3..3, 2)] {
            let threads = if cfg!(miri) { 1 } else { threads };
            let mut out = vec![0; 35];
            threads::with(threads, || {
                for_each_columns(&mut out, 7, of.clone(), columns, 1 << 20, |mut part| {
                    assert_eq!(part.size(), [5, 7]);
                    for row in 0..5 {
                        let columns = part.columns();
                        part.row(row, columns).iter_mut().for_each(|x| *x += row * 7);
                    }
                    part.for_each_part(|first, run| run.iter_mut().zip(first % 7..).for_each(|(x, at)| *x += at % 7));
                });
            });
            assert!(out.iter().enumerate().all(|(at, &x)| x == if of.contains(&(at % 7)) { at } else { 0 }));
        }
    }

    #[test]
    #[should_panic = "inside the matrix"]
    fn other_columns_are_refused() {
        ColumnsMut::new(&mut [0; 6], 3, 0..2).row(1, 1..3);
    }
}
