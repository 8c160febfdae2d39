//! Products of matrices, in the blocks of Goto and van de Geijn (2008, <https://doi.org/10.1145/1356052.1356053>):
//! parts of both matrices are packed so that the kernel reads them one after another, and a tile of the result stays in
//! registers.

use super::vector::{Vector, load, of_rows, store};
use crate::backend::cpu::matmul::Matrix;
use std::cell::RefCell;

/// The columns of `a` and rows of `b` that are taken at a time: the most that a usual width of a model is done in one go,
/// so that the result is read and written once. (256 and 384 were 3 to 6 % slower at widths of 512 and 2048.)
const DEPTH: usize = 512;
/// The rows of `a` that are packed at a time: half a megabyte, which stays in the second cache.
const ROWS: usize = 240;
/// The columns of `b` that are packed at a time: 4 megabytes, a part of the third cache.
const COLUMNS: usize = 2048;

thread_local! {
    /// The packed parts of `a` and `b`, kept for the next product.
    static PACKED: RefCell<[Vec<f32>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

/// Adds `a (m, k)` times `b (k, n)` to the row-major `c (m, n)`. A tile of the result is [`Vector::TILE`] rows of two
/// vectors.
///
/// # Safety
/// The processor has the instructions of `V`. The matrices lie inside their slices.
#[inline(always)]
pub unsafe fn add_product<V: Vector>([m, k, n]: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32]) {
    let width = 2 * V::LANES;
    // Taken out, and not borrowed in a closure: a closure would be compiled without the instructions of `V`.
    let [mut packed_a, mut packed_b] = PACKED.take();
    for first_column in (0..n).step_by(COLUMNS) {
        let columns = COLUMNS.min(n - first_column);
        for first_term in (0..k).step_by(DEPTH) {
            let depth = DEPTH.min(k - first_term);
            pack(&mut packed_b, b.part(first_term, first_column).transposed(), [columns, depth], Panels::of(width));
            for first_row in (0..m).step_by(ROWS) {
                let rows = ROWS.min(m - first_row);
                let panels = Panels::even(rows, V::TILE);
                pack(&mut packed_a, a.part(first_row, first_term), [rows, depth], panels);
                let c = &mut c[first_row * n + first_column..];
                // SAFETY: the caller's.
                unsafe { multiply_panels::<V>([rows, depth, columns], &packed_a, panels, &packed_b, c, n) };
            }
        }
    }
    PACKED.set([packed_a, packed_b]);
}

/// How many rows each panel has.
#[derive(Clone, Copy)]
struct Panels {
    height: usize,
    /// So many of the first have one more.
    taller: usize,
}

impl Panels {
    /// All of one height; the last may lack rows.
    fn of(height: usize) -> Self {
        Panels { height, taller: 0 }
    }

    /// As even as can be: a last one of a few rows would leave most registers empty.
    fn even(rows: usize, most: usize) -> Self {
        let count = rows.div_ceil(most);
        Panels { height: rows / count, taller: rows % count }
    }

    fn height(self, panel: usize) -> usize {
        self.height + (panel < self.taller) as usize
    }
}

/// The tiles of a block of the result: each panel of `b` by each of `a`.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn multiply_panels<V: Vector>(
    [rows, depth, columns]: [usize; 3],
    a: &[f32],
    panels: Panels,
    b: &[f32],
    c: &mut [f32],
    stride: usize,
) {
    let width = 2 * V::LANES;
    for (column, b) in (0..columns).step_by(width).zip(b.chunks_exact(width * depth)) {
        let (mut row, mut a, mut panel) = (0, a, 0);
        while row < rows {
            let rows = panels.height(panel);
            let (first, rest) = a.split_at(rows * depth);
            let c = &mut c[row * stride + column..];
            let columns = width.min(columns - column);
            // SAFETY: the caller's; the panels are packed, and the tile begins at `c`.
            unsafe { of_rows!(rows, tile::<V>(first, b, c, stride, columns)) };
            (row, a, panel) = (row + rows, rest, panel + 1);
        }
    }
}

/// Adds the product of a panel of `a` and a panel of `b` to the tile of `c` that begins with its first element.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn tile<V: Vector, const ROWS: usize>(a: &[f32], b: &[f32], c: &mut [f32], stride: usize, columns: usize) {
    // SAFETY: the caller's; each part of `b` is two vectors long.
    unsafe {
        let mut sums = [[V::splat(0.0); 2]; ROWS];
        for (a, b) in a.chunks_exact(ROWS).zip(b.chunks_exact(2 * V::LANES)) {
            let (left, right) = (V::load(b), V::load(&b[V::LANES..]));
            for row in 0..ROWS {
                let factor = V::splat(a[row]);
                sums[row] = [factor.mul_add(left, sums[row][0]), factor.mul_add(right, sums[row][1])];
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            let c = &mut c[row * stride..][..columns];
            for (part, sum) in c.chunks_mut(V::LANES).zip(sums) {
                store(load::<V>(part, 0.0).add(sum), part);
            }
        }
    }
}

/// The rows of a matrix in panels: column after column of a panel, and zeros for the rows that the last one lacks.
fn pack(packed: &mut Vec<f32>, from: Matrix<'_, f32>, [rows, columns]: [usize; 2], panels: Panels) {
    let most = (rows + panels.height) * columns;
    if packed.len() < most {
        packed.resize(most, 0.0);
    }
    let [row_stride, column_stride] = from.strides;
    let (mut row, mut panel, mut packed) = (0, 0, &mut packed[..]);
    while row < rows {
        let height = panels.height(panel);
        let live = height.min(rows - row);
        let (to, rest) = packed.split_at_mut(height * columns);
        let elements = &from.elements[row * row_stride..];
        if row_stride == 1 {
            for (column, to) in to.chunks_exact_mut(height).enumerate() {
                to[..live].copy_from_slice(&elements[column * column_stride..][..live]);
                to[live..].fill(0.0);
            }
        } else {
            // A few columns at a time, so that neither side is read or written with long gaps only.
            for (block, to) in to.chunks_mut(16 * height).enumerate() {
                for i in 0..live {
                    let elements = &elements[i * row_stride + 16 * block * column_stride..];
                    let to = to.iter_mut().skip(i).step_by(height);
                    match column_stride {
                        // One element, repeated.
                        0 => to.for_each(|to| *to = elements[0]),
                        _ => to.zip(elements.iter().step_by(column_stride)).for_each(|(to, &x)| *to = x),
                    }
                }
                for to in to.chunks_exact_mut(height) {
                    to[live..].fill(0.0);
                }
            }
        }
        (row, panel, packed) = (row + live, panel + 1, rest);
    }
}
