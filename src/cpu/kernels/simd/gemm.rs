//! GEMM, blocked as by Goto and van de Geijn (2008, <https://doi.org/10.1145/1356052.1356053>): `b` is packed into
//! panels, and the micro-kernel keeps a tile of `c` in registers. Rows of `a` are read in place where they fit into the
//! L1 cache: to pack them took 2 to 3 % of a product.

use super::four_columns;
use super::pack::tiles;
use super::packed_matrix::PackedMatrix;
use super::pair::Pair;
use super::vector::{Vector, at_most, dispatch_rows, even_chunks, load, store};
use crate::cpu::kernels::matrix::Matrix;
use crate::cpu::memory::Elements;
use crate::cpu::parallel::ColumnsMut;
use std::cell::RefCell;
use std::ops::Range;

/// The block of the inner dimension k (KC in BLIS): at most this much is summed before `c` is written. For most models
/// that is all of k, so that `c` is written once and not read.
pub const BLOCK_K: usize = 2048;
/// The block of rows of `a` (MC in BLIS).
pub const BLOCK_M: usize = 120;
/// The elements of a block of `a`, packed or not: half a megabyte, which stays in the L2 cache.
const BLOCK_A_ELEMENTS: usize = 1 << 17;
/// The elements of the panels of `b` that are used for a whole block of `a`: they stay in the L2 cache too.
const BLOCK_B_ELEMENTS: usize = 1 << 16;

thread_local! {
    /// The packed block of `a`, whose memory is reused by the next product.
    static PACKED_A: RefCell<Option<Elements<f32>>> = const { RefCell::new(None) };
}

/// What the micro-kernel adds to a tile before it is written: `bias` of the column and `residual`.
#[derive(Clone, Copy, Default)]
pub struct TileEpilogue<'a> {
    pub bias: Option<&'a [f32]>,
    /// Row-major, as the result.
    pub residual: Option<&'a [f32]>,
    /// Whether the product is added to `c` (beta = 1 in BLAS).
    pub accumulate: bool,
}

/// The rows and columns of a tile; it is two vectors wide.
///
/// # Safety
/// None is needed: it is one of the kernels, which are chosen alike.
#[inline(always)]
pub unsafe fn tile<V: Vector>() -> [usize; 2] {
    [V::TILE, 2 * V::LANES]
}

/// The product of `a (m, k)` and the packed `b`, with the epilogue, into columns of the row-major `c` that begin with a
/// panel of `b`.
///
/// # Safety
/// The processor has the instructions of `V`, whose tiles `b` was packed for. `a` lies inside its slice.
#[inline(always)]
pub unsafe fn multiply_packed<V: Vector>(
    a: Matrix<'_, f32>,
    b: &PackedMatrix,
    c: &mut ColumnsMut<'_, f32>,
    epilogue: TileEpilogue<'_>,
) {
    let ([k, _], [m, stride], b_first, columns) = (b.size, c.size(), b.columns.start, c.columns());
    assert!(b.width == 2 * V::LANES && stride == b.all_columns, "a product as large as its result");
    let inside = b_first <= columns.start && columns.end <= b.columns.end;
    assert!(inside && (columns.start - b_first).is_multiple_of(b.width), "columns from a panel on");
    assert!(epilogue.bias.is_none_or(|bias| bias.len() == stride), "a bias for each column");
    assert!(epilogue.residual.is_none_or(|residual| residual.len() == m * stride), "a residual for each element");
    // Taken out, and not borrowed in a closure: a closure would be compiled without the instructions of `V`.
    let mut packed = PACKED_A.take();
    let in_place = a.strides[1] == 1 && avoids_aliasing(a.strides[0]);
    let packed_a: &mut [f32] = if in_place {
        &mut []
    } else {
        let elements = packed.get_or_insert_with(|| Elements::arbitrary(BLOCK_A_ELEMENTS));
        elements.get_mut().expect("the elements of this thread")
    };
    for first_k in (0..k).step_by(BLOCK_K) {
        let inner = first_k..k.min(first_k + BLOCK_K);
        let depth = inner.len();
        let rows_at_once = block_rows::<V>(m, (BLOCK_A_ELEMENTS / depth).min(BLOCK_M));
        let columns_at_once = (BLOCK_B_ELEMENTS / depth / b.width * b.width).max(b.width);
        for first_row in (0..m).step_by(rows_at_once) {
            let rows = rows_at_once.min(m - first_row);
            if !in_place {
                // SAFETY: the caller's.
                unsafe { tiles::<V>(a.part(first_row, first_k), [rows, depth], packed_a) };
            }
            for first_column in columns.clone().step_by(columns_at_once) {
                for (row, height) in even_chunks(rows, V::TILE) {
                    let a = if in_place {
                        a.part(first_row + row, first_k).cut([height, depth])
                    } else {
                        Matrix { elements: &packed_a[row * depth..][..height * depth], strides: [1, height] }
                    };
                    for column in (first_column..columns.end.min(first_column + columns_at_once)).step_by(b.width) {
                        let panel = (column - b_first) * k + inner.start * b.width;
                        let tile = Tile {
                            row: first_row + row,
                            columns: column..columns.end.min(column + b.width),
                            first: inner.start == 0 && !epilogue.accumulate,
                            last: inner.end == k,
                        };
                        let b = &b.panels.as_slice()[panel..][..depth * b.width];
                        // SAFETY: the caller's; the panels are packed.
                        unsafe { dispatch_rows!(height, V::TILE, micro_kernel::<V>(a, b, c, &tile, epilogue)) };
                    }
                }
            }
        }
    }
    PACKED_A.set(packed);
}

/// Whether rows of this stride can be read in place. If the stride is 4096 bytes or nearly, all rows of a tile map to the
/// same sets of the L1 cache.
fn avoids_aliasing(stride: usize) -> bool {
    const WAY: usize = 1024;
    const NEAR: usize = 4;
    (stride + NEAR) % WAY > 2 * NEAR
}

/// The rows of a block, for as few blocks as possible: whole tiles, if these are not too many.
fn block_rows<V: Vector>(rows: usize, most: usize) -> usize {
    let even = rows.div_ceil(rows.div_ceil(most));
    let whole = even.next_multiple_of(V::TILE);
    if whole <= most { whole } else { even }
}

/// Where a tile of the result lies.
struct Tile {
    /// Its first row.
    row: usize,
    columns: Range<usize>,
    /// Whether it is the first block of k, and `c` holds nothing yet.
    first: bool,
    /// Whether it is the last block of k, after which the epilogue follows.
    last: bool,
}

/// The micro-kernel: a tile of the product of rows of `a` and a panel of `b`.
///
/// # Safety
/// The processor has the instructions of `V`. There are `ROWS` rows in `a`, of as many columns as `b` has rows.
#[inline(always)]
unsafe fn micro_kernel<V: Vector, const ROWS: usize>(
    a: Matrix<'_, f32>,
    b: &[f32],
    c: &mut ColumnsMut<'_, f32>,
    tile: &Tile,
    epilogue: TileEpilogue<'_>,
) {
    // SAFETY: the caller's; each part of `b` is two vectors long.
    unsafe {
        let mut sums = [[V::splat(0.0); 2]; ROWS];
        let ([row_stride, stride], mut from) = (a.strides, a.elements.as_ptr());
        for b in b.chunks_exact(2 * V::LANES) {
            // A panel is longer than the L1 cache.
            V::prefetch(b.as_ptr().wrapping_add(PREFETCH_ROWS * 2 * V::LANES));
            V::prefetch(b.as_ptr().wrapping_add((PREFETCH_ROWS * 2 + 1) * V::LANES));
            let (left, right) = (V::load(b), V::load(&b[V::LANES..]));
            for row in 0..ROWS {
                let factor = V::splat(*from.add(row * row_stride));
                sums[row] = [factor.accumulate(left, sums[row][0]), factor.accumulate(right, sums[row][1])];
            }
            from = from.wrapping_add(stride);
        }
        if tile.columns.len() == 2 * V::LANES {
            // Loops over rows alone, which the compiler unrolls: so the sums stay in registers.
            let (out, [_, stride]) = (c.rows(tile.row..tile.row + ROWS, tile.columns.clone()), c.size());
            if !tile.first {
                add_rows(&mut sums, out, stride);
            }
            if tile.last {
                if let Some(bias) = epilogue.bias {
                    add_rows(&mut sums, bias[tile.columns.clone()].as_ptr(), 0);
                }
                if let Some(residual) = epilogue.residual {
                    let last = (tile.row + ROWS - 1) * stride + tile.columns.end;
                    add_rows(&mut sums, residual[tile.row * stride + tile.columns.start..last].as_ptr(), stride);
                }
            }
            for row in 0..ROWS {
                sums[row][0].write(out.add(row * stride));
                sums[row][1].write(out.add(row * stride + V::LANES));
            }
            return;
        }
        let middle = tile.columns.end.min(tile.columns.start + V::LANES);
        let parts = [tile.columns.start..middle, middle..tile.columns.end];
        for (row, sums) in sums.into_iter().enumerate() {
            let (row, [_, stride]) = (tile.row + row, c.size());
            for (mut sum, columns) in sums.into_iter().zip(parts.clone()) {
                let out = c.row(row, columns.clone());
                if !tile.first {
                    sum = sum.add(load(out, 0.0));
                }
                if tile.last {
                    if let Some(bias) = epilogue.bias {
                        sum = sum.add(load(&bias[columns.clone()], 0.0));
                    }
                    if let Some(residual) = epilogue.residual {
                        sum = sum.add(load(&residual[row * stride..][columns], 0.0));
                    }
                }
                store(sum, out);
            }
        }
    }
}

/// Adds rows of two vectors at this stride.
///
/// # Safety
/// The processor has the instructions of `V`, and there are such rows.
#[inline(always)]
unsafe fn add_rows<V: Vector, const ROWS: usize>(sums: &mut [[V; 2]; ROWS], from: *const f32, stride: usize) {
    for row in 0..ROWS {
        // SAFETY: the caller's.
        unsafe {
            let addends = std::slice::from_raw_parts(from.add(row * stride), 2 * V::LANES);
            sums[row][0] = sums[row][0].add(V::load(addends));
            sums[row][1] = sums[row][1].add(V::load(&addends[V::LANES..]));
        }
    }
}

/// The prefetch distance, in rows of a panel of `b`.
const PREFETCH_ROWS: usize = 32;

/// The product of a small `a (m, k)` and a small `b (k, n)` whose rows lie together, into `c`: nothing is packed.
///
/// # Safety
/// The processor has the instructions of `V`. The matrices lie inside their slices.
#[inline(always)]
pub unsafe fn multiply_small<V: Vector>([m, k, n]: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32]) {
    let (whole, half) = (V::LANES, V::Half::LANES);
    assert!(m.checked_mul(n) == Some(c.len()), "a product as large as its result");
    let left_over = four_columns::left_over::<V>([k, n], a);
    if left_over > 0 {
        // SAFETY: the caller's.
        unsafe { four_columns::multiply::<V>([m, k], a, b.part(0, n - left_over), &mut c[n - left_over..], n) };
    }
    let (columns, mut column) = (n - left_over, 0);
    while column < columns {
        let width = (2 * whole).min(columns - column);
        let (b, c) = (b.part(0, column), &mut c[column..]);
        // SAFETY: the caller's.
        unsafe {
            if width <= half {
                multiply_columns::<V, V::Half>([m, k, width], a, b, c, n);
            } else if width <= whole {
                multiply_columns::<V, V>([m, k, width], a, b, c, n);
            } else if width <= whole + half {
                multiply_columns::<V, Pair<V, V::Half>>([m, k, width], a, b, c, n);
            } else {
                multiply_columns::<V, Pair<V, V>>([m, k, width], a, b, c, n);
            }
        }
        column += 2 * whole;
    }
}

/// The columns of the product that fill one vector `W`, or fewer.
///
/// # Safety
/// The processor has the instructions of `V`. The columns lie inside the matrices.
#[inline(always)]
unsafe fn multiply_columns<V: Vector, W: Vector>(
    [m, k, width]: [usize; 3],
    a: Matrix<'_, f32>,
    b: Matrix<'_, f32>,
    c: &mut [f32],
    stride: usize,
) {
    for (row, height) in even_chunks(m, at_most::<V>(8)) {
        let (a, c) = (a.part(row, 0), &mut c[row * stride..]);
        // SAFETY: the caller's.
        unsafe { dispatch_rows!(height, at_most::<V>(8), multiply_rows::<W>([k, width], a, b, c, stride)) };
    }
}

/// The factors of a product, as row-major matrices.
///
/// # Panics
/// A matrix is not of its size.
#[inline(always)]
pub fn row_major<'a>([m, k, n]: [usize; 3], a: &'a [f32], b: &'a [f32], c: &[f32]) -> [Matrix<'a, f32>; 2] {
    let is_of = |x: &[f32], rows: usize, columns| rows.checked_mul(columns) == Some(x.len());
    assert!(is_of(a, m, k) && is_of(b, k, n) && is_of(c, m, n), "matrices of their sizes");
    [Matrix { elements: a, strides: [k, 1] }, Matrix { elements: b, strides: [n, 1] }]
}

/// Sizes `(m, k, n)` of a product that the compiler knows.
pub trait StaticSizes {
    /// They.
    const SIZES: [usize; 3];
}

/// [`multiply_small`] of row-major matrices, whose sizes the compiler knows.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn multiply_static<V: Vector, S: StaticSizes>(a: &[f32], b: &[f32], c: &mut [f32]) {
    let [a, b] = row_major(S::SIZES, a, b, c);
    // SAFETY: the caller's.
    unsafe { multiply_small::<V>(S::SIZES, a, b, c) };
}

/// A tile of `width` columns, from unpacked `a` and `b`.
///
/// # Safety
/// The processor has the instructions of `W`. The tile lies inside the matrices, and inside `c`.
#[inline(always)]
unsafe fn multiply_rows<W: Vector, const ROWS: usize>(
    [k, width]: [usize; 2],
    a: Matrix<'_, f32>,
    b: Matrix<'_, f32>,
    c: &mut [f32],
    stride: usize,
) {
    // Elements after the columns may be loaded if they are inside the slice; their sums are not written.
    let readable = match b.elements.len().checked_sub(W::LANES) {
        _ if width == W::LANES => k,
        None => 0,
        Some(last) => k.min(last.checked_div(b.strides[0]).unwrap_or(k) + 1),
    };
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [W::splat(0.0); ROWS];
        for p in 0..readable {
            let b = W::load(b.elements.get_unchecked(p * b.strides[0]..));
            rank_1_update(a, p, b, &mut sums);
        }
        for p in readable..k {
            let b = load(b.elements.get_unchecked(p * b.strides[0]..).get_unchecked(..width), 0.0);
            rank_1_update(a, p, b, &mut sums);
        }
        for (row, sum) in sums.into_iter().enumerate() {
            store(sum, c.get_unchecked_mut(row * stride..).get_unchecked_mut(..width));
        }
    }
}

/// The rank-1 update: adds the outer product of column `p` of `a` and row `p` of `b`.
///
/// # Safety
/// The processor has the instructions of `W`. Row `p` of `b` lies inside the matrix.
#[inline(always)]
unsafe fn rank_1_update<W: Vector, const ROWS: usize>(a: Matrix<'_, f32>, p: usize, b: W, sums: &mut [W; ROWS]) {
    let first = p * a.strides[1];
    for row in 0..ROWS {
        // SAFETY: the caller's.
        unsafe {
            let factor = *a.elements.get_unchecked(row * a.strides[0] + first);
            sums[row] = W::splat(factor).accumulate(b, sums[row]);
        }
    }
}
