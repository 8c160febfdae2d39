//! The kernels of GEMM, blocked as by Goto and van de Geijn (2008, <https://doi.org/10.1145/1356052.1356053>): `b` is packed into
//! panels, and the micro-kernel keeps a tile of `c` in registers. The blocks are cut by [`blocked`](super::blocked).

use super::four_columns;
use super::pair::Pair;
use super::terms::{AsTheyAre, SumOf, Terms};
use super::vector::{Lanes, Vector, at_most, dispatch_rows, even_chunks, load, store};
use super::wide_number::Wide;
use crate::cpu::kernels::matrix::Matrix;
use crate::cpu::parallel::ColumnsMut;
use std::ops::Range;

/// What the micro-kernel adds to a tile before it is written: `bias` of the column and `residual`.
#[derive(Clone, Copy)]
pub struct TileEpilogue<'a, S> {
    /// As long as a row of `c`.
    pub bias: Option<&'a [S]>,
    /// Row-major, as the result.
    pub residual: Option<&'a [S]>,
    /// Whether the product is added to `c` (beta = 1 in BLAS).
    pub accumulate: bool,
}

impl<S> TileEpilogue<'_, S> {
    pub const NONE: Self = TileEpilogue { bias: None, residual: None, accumulate: false };
}

/// The rows and columns of a tile of sums `S`; it is two vectors wide.
///
/// # Safety
/// None is needed: it is one of the kernels, which are chosen alike.
#[inline(always)]
pub unsafe fn tile<V: Vector, S: Wide>() -> [usize; 2] {
    [S::Lanes::<V>::TILE, 2 * S::Lanes::<V>::LANES]
}

/// A block of rows of `a`, of as many columns as the block of `b` has rows.
#[derive(Clone, Copy)]
pub enum BlockOfRows<'a, S> {
    /// Rows that lie together each.
    InPlace(Matrix<'a, S>),
    /// Rows packed for tiles, by [`tiles`](super::pack::tiles).
    Packed(&'a [S]),
}

/// Where a block of the result lies.
pub struct Block {
    pub rows: Range<usize>,
    /// From a panel of `b` on.
    pub columns: Range<usize>,
    /// Whether it is the first block of k, and `c` holds nothing yet.
    pub first: bool,
    /// Whether it is the last block of k, after which the epilogue follows.
    pub last: bool,
}

/// The product of a block of `a` and panels of `b`, of which only these terms of the inner dimension are multiplied, with the
/// epilogue, into a block of `c`. Panels begin `stride` elements apart.
///
/// # Safety
/// The processor has the instructions of `V`. Rows that are in place lie inside their slice.
#[inline(always)]
pub unsafe fn multiply_block<V: Vector, S: Wide>(
    a: BlockOfRows<'_, S>,
    b: &[S],
    [stride, terms]: [usize; 2],
    c: &mut ColumnsMut<'_, S>,
    block: &Block,
    epilogue: TileEpilogue<'_, S>,
) {
    // SAFETY: the caller's.
    unsafe { multiply_tiles::<AsTheyAre<S::Lanes<V>>>(a, b, [stride, terms], c, block, epilogue) }
}

/// As [`multiply_block`], of any terms.
///
/// # Safety
/// As there.
#[inline(always)]
pub unsafe fn multiply_tiles<T: Terms>(
    a: BlockOfRows<'_, T::Term>,
    b: &[T::Term],
    [stride, terms]: [usize; 2],
    c: &mut ColumnsMut<'_, SumOf<T>>,
    block: &Block,
    epilogue: TileEpilogue<'_, SumOf<T>>,
) {
    let width = 2 * T::Lanes::LANES;
    for (row, height) in even_chunks(block.rows.len(), T::Lanes::TILE) {
        let a = match a {
            BlockOfRows::InPlace(a) => a.part(row, 0).cut([height, terms]),
            BlockOfRows::Packed(a) => Matrix { elements: &a[row * terms..][..height * terms], strides: [1, height] },
        };
        for (panel, column) in block.columns.clone().step_by(width).enumerate() {
            let tile = Tile {
                row: block.rows.start + row,
                columns: column..block.columns.end.min(column + width),
                first: block.first && !epilogue.accumulate,
                last: block.last,
            };
            let b = &b[panel * stride..][..terms * width];
            // SAFETY: the caller's; the panels are packed.
            unsafe { dispatch_rows!(height, T::Lanes::TILE, micro_kernel::<T>(a, b, c, &tile, epilogue)) };
        }
    }
}

/// Where a tile of the result lies.
pub struct Tile {
    /// Its first row.
    pub row: usize,
    pub columns: Range<usize>,
    /// Whether it is the first block of k, and `c` holds nothing yet.
    pub first: bool,
    /// Whether it is the last block of k, after which the epilogue follows.
    pub last: bool,
}

/// The micro-kernel: a tile of the product of rows of `a` and a panel of `b`.
///
/// # Safety
/// The processor has the instructions of `V`. There are `ROWS` rows in `a`, of as many columns as `b` has rows.
#[inline(always)]
unsafe fn micro_kernel<T: Terms, const ROWS: usize>(
    a: Matrix<'_, T::Term>,
    b: &[T::Term],
    c: &mut ColumnsMut<'_, SumOf<T>>,
    tile: &Tile,
    epilogue: TileEpilogue<'_, SumOf<T>>,
) {
    // SAFETY: the caller's; each part of `b` is two vectors long.
    unsafe {
        let mut sums = [[T::Lanes::splat(num_traits::zero()); 2]; ROWS];
        let ([row_stride, stride], mut from) = (a.strides, a.elements.as_ptr());
        for b in b.chunks_exact(2 * T::Lanes::LANES) {
            // A panel is longer than the L1 cache.
            T::Lanes::prefetch(b.as_ptr().wrapping_add(PREFETCH_ROWS * 2 * T::Lanes::LANES).cast());
            T::Lanes::prefetch(b.as_ptr().wrapping_add((PREFETCH_ROWS * 2 + 1) * T::Lanes::LANES).cast());
            let (left, right) = (T::load(b), T::load(&b[T::Lanes::LANES..]));
            for row in 0..ROWS {
                let factor = T::splat(*from.add(row * row_stride));
                sums[row] = [T::accumulate(factor, left, sums[row][0]), T::accumulate(factor, right, sums[row][1])];
            }
            from = from.wrapping_add(stride);
        }
        write_tile(sums, c, tile, epilogue);
    }
}

/// Writes the sums of a tile, with the epilogue.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
pub unsafe fn write_tile<L: Lanes, const ROWS: usize>(
    mut sums: [[L; 2]; ROWS],
    c: &mut ColumnsMut<'_, L::Element>,
    tile: &Tile,
    epilogue: TileEpilogue<'_, L::Element>,
) {
    // SAFETY: the caller's; `c` has the tile.
    unsafe {
        if tile.columns.len() == 2 * L::LANES {
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
                sums[row][1].write(out.add(row * stride + L::LANES));
            }
            return;
        }
        let middle = tile.columns.end.min(tile.columns.start + L::LANES);
        let parts = [tile.columns.start..middle, middle..tile.columns.end];
        for (row, sums) in sums.into_iter().enumerate() {
            let (row, [_, stride]) = (tile.row + row, c.size());
            for (mut sum, columns) in sums.into_iter().zip(parts.clone()) {
                let out = c.row(row, columns.clone());
                if !tile.first {
                    sum = sum.add(load(out, num_traits::zero()));
                }
                if tile.last {
                    if let Some(bias) = epilogue.bias {
                        sum = sum.add(load(&bias[columns.clone()], num_traits::zero()));
                    }
                    if let Some(residual) = epilogue.residual {
                        sum = sum.add(load(&residual[row * stride..][columns], num_traits::zero()));
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
/// The processor has the instructions of `L`, and there are such rows.
#[inline(always)]
unsafe fn add_rows<L: Lanes, const ROWS: usize>(sums: &mut [[L; 2]; ROWS], from: *const L::Element, stride: usize) {
    for row in 0..ROWS {
        // SAFETY: the caller's.
        unsafe {
            let addends = std::slice::from_raw_parts(from.add(row * stride), 2 * L::LANES);
            sums[row][0] = sums[row][0].add(L::load(addends));
            sums[row][1] = sums[row][1].add(L::load(&addends[L::LANES..]));
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
pub unsafe fn multiply_small<V: Vector, S: Wide>(size: [usize; 3], a: Matrix<'_, S>, b: Matrix<'_, S>, c: &mut [S]) {
    // SAFETY: the caller's.
    unsafe { multiply_lanes::<S::Lanes<V>>(size, a, b, c) }
}

/// As [`multiply_small`].
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn multiply_lanes<L: Lanes>(
    [m, k, n]: [usize; 3],
    a: Matrix<'_, L::Element>,
    b: Matrix<'_, L::Element>,
    c: &mut [L::Element],
) {
    let (whole, half) = (L::LANES, L::HalfLanes::LANES);
    assert!(m.checked_mul(n) == Some(c.len()), "a product as large as its result");
    let left_over = four_columns::left_over::<L>([k, n], a);
    if left_over > 0 {
        // SAFETY: the caller's.
        unsafe { four_columns::multiply::<L>([m, k], a, b.part(0, n - left_over), &mut c[n - left_over..], n) };
    }
    let (columns, mut column) = (n - left_over, 0);
    while column < columns {
        let width = (2 * whole).min(columns - column);
        let (b, c) = (b.part(0, column), &mut c[column..]);
        // SAFETY: the caller's.
        unsafe {
            if width <= half {
                multiply_columns::<L, L::HalfLanes>([m, k, width], a, b, c, n);
            } else if width <= whole {
                multiply_columns::<L, L>([m, k, width], a, b, c, n);
            } else if width <= whole + half {
                multiply_columns::<L, Pair<L, L::HalfLanes>>([m, k, width], a, b, c, n);
            } else {
                multiply_columns::<L, Pair<L, L>>([m, k, width], a, b, c, n);
            }
        }
        column += 2 * whole;
    }
}

/// The columns of the product that fill one vector `W`, or fewer.
///
/// # Safety
/// The processor has the instructions of `L`. The columns lie inside the matrices.
#[inline(always)]
unsafe fn multiply_columns<L: Lanes, W: Lanes<Element = L::Element>>(
    [m, k, width]: [usize; 3],
    a: Matrix<'_, L::Element>,
    b: Matrix<'_, L::Element>,
    c: &mut [L::Element],
    stride: usize,
) {
    for (row, height) in even_chunks(m, at_most::<L>(8)) {
        let (a, c) = (a.part(row, 0), &mut c[row * stride..]);
        // SAFETY: the caller's.
        unsafe { dispatch_rows!(height, at_most::<L>(8), multiply_rows::<W>([k, width], a, b, c, stride)) };
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
    unsafe { multiply_small::<V, f32>(S::SIZES, a, b, c) };
}

/// A tile of `width` columns, from unpacked `a` and `b`.
///
/// # Safety
/// The processor has the instructions of `W`. The tile lies inside the matrices, and inside `c`.
#[inline(always)]
unsafe fn multiply_rows<W: Lanes, const ROWS: usize>(
    [k, width]: [usize; 2],
    a: Matrix<'_, W::Element>,
    b: Matrix<'_, W::Element>,
    c: &mut [W::Element],
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
        let mut sums = [W::splat(num_traits::zero()); ROWS];
        for p in 0..readable {
            let b = W::load(b.elements.get_unchecked(p * b.strides[0]..));
            rank_1_update(a, p, b, &mut sums);
        }
        for p in readable..k {
            let b = load(b.elements.get_unchecked(p * b.strides[0]..).get_unchecked(..width), num_traits::zero());
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
unsafe fn rank_1_update<W: Lanes, const ROWS: usize>(a: Matrix<'_, W::Element>, p: usize, b: W, sums: &mut [W; ROWS]) {
    let first = p * a.strides[1];
    for row in 0..ROWS {
        // SAFETY: the caller's.
        unsafe {
            let factor = *a.elements.get_unchecked(row * a.strides[0] + first);
            sums[row] = W::splat(factor).accumulate(b, sums[row]);
        }
    }
}
