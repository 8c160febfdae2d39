//! Matrices by their strides, and how the cores share a product of them.

use super::cast::typed;
use crate::backend::Number;
use crate::cpu::memory::BufferCache;
use crate::cpu::parallel::{ColumnsMut, cores, for_each_chunk};

/// A matrix inside a buffer, by the strides of its rows and columns.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    /// The first one is the matrix's first.
    pub elements: &'a [T],
    /// Of rows, and of columns.
    pub strides: [usize; 2],
}

impl<T> Matrix<'_, T> {
    /// The part that begins at this row and column.
    pub fn part(self, row: usize, column: usize) -> Self {
        Matrix { elements: &self.elements[row * self.strides[0] + column * self.strides[1]..], ..self }
    }

    /// Rows for columns.
    pub fn transposed(self) -> Self {
        Matrix { strides: [self.strides[1], self.strides[0]], ..self }
    }

    /// How many elements of the buffer a matrix of this size spans, if it fits into memory at all.
    fn span(&self, size: [usize; 2]) -> Option<usize> {
        let last = size[0].checked_sub(1)?.checked_mul(self.strides[0])?;
        last.checked_add(size[1].checked_sub(1)?.checked_mul(self.strides[1])?)?.checked_add(1)
    }

    /// Whether a matrix of this size lies inside its buffer.
    pub fn lies_inside(&self, size: [usize; 2]) -> bool {
        self.span(size).is_some_and(|span| span <= self.elements.len())
    }

    /// No more of the buffer than a matrix of this size spans.
    pub fn cut(self, size: [usize; 2]) -> Self {
        Matrix { elements: &self.elements[..self.span(size).unwrap_or(0)], ..self }
    }
}

/// Whether no size of a product `(m, k) x (k, n)` is zero.
///
/// # Panics
/// A matrix does not lie inside its buffer.
#[inline]
pub fn is_nonempty_product<T>([m, k, n]: [usize; 3], a: Matrix<'_, T>, b: Matrix<'_, T>, c: &[T]) -> bool {
    assert_eq!(Some(c.len()), m.checked_mul(n), "a product as large as its result");
    if m * n == 0 || k == 0 {
        return false;
    }
    assert!(a.lies_inside([m, k]) && b.lies_inside([k, n]), "a buffer ends before its matrix");
    true
}

/// The work of a product: multiply-adds are done a vector at a time, and what is read once waits for memory, as elementwise work does.
pub fn product_work(size @ [m, k, n]: [usize; 3]) -> usize {
    let products = size.into_iter().fold(1, usize::saturating_mul);
    (products / 16).max(k.saturating_mul(m.saturating_add(n)))
}

/// Calls `f` with the first row, the rows of `a` and the rows of `c` of each work item, in parallel. `part` is the size
/// of an item, `(rows, k, n)`, none of which is zero.
pub fn partition_rows<T: Number>(
    part: [usize; 3],
    a: Matrix<'_, T>,
    c: &mut [T],
    f: impl Fn(usize, Matrix<'_, T>, &mut [T]) + Sync,
) {
    let [rows, _, n] = part;
    for_each_chunk(c, rows * n, product_work(part), |chunk, c| f(chunk * rows, a.part(chunk * rows, 0), c));
}

/// A product in parts for [`partition_rows`], one for each core.
pub fn even_rows([m, k, n]: [usize; 3]) -> [usize; 3] {
    /// Fewer rows than this are not worth another core.
    const ROWS: usize = 16;
    [m.div_ceil(cores()).next_multiple_of(ROWS), k, n]
}

/// A weight of a linear map, `(inputs, outputs)`.
#[derive(Clone, Copy)]
pub struct Weight<'a, T> {
    pub matrix: Matrix<'a, T>,
    /// Its offset in the buffer, and the cache of that.
    pub buffer: Option<(usize, &'a BufferCache)>,
}

/// Multiplies rows by a matrix, into as many rows of a result.
pub type Multiplier<'a, T> = Box<dyn Fn(Matrix<'_, T>, &mut [T]) + Sync + 'a>;

typed! { Matrix Weight Multiplier ColumnsMut }
