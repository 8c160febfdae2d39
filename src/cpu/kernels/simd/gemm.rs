//! The kernels of GEMM, blocked as by Goto and van de Geijn (2008, <https://doi.org/10.1145/1356052.1356053>): `b` is packed into
//! panels, and the micro-kernel keeps a tile of `c` in registers. The blocks are cut by [`blocked`](super::blocked).

use super::terms::{AsTheyAre, SumOf, Terms};
use super::vector::{Lanes, Vector, dispatch_rows, even_chunks, load, store};
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

/// Where the rows of a matrix begin: in runs, one row of a run `step` elements behind the one before.
#[derive(Clone, Copy)]
pub struct RowRuns<'a> {
    /// Where the first row of each run begins.
    pub starts: &'a [usize],
    /// The rows of a run.
    pub run: usize,
    pub step: usize,
}

/// How the rows of a block of `b` lie.
#[derive(Clone, Copy)]
pub struct RowsOfB<'a> {
    /// Those of the first columns.
    pub runs: RowRuns<'a>,
    /// How far further on the next columns begin that fill a tile.
    pub apart: usize,
    /// The prefetch distance in elements.
    pub ahead: usize,
}

impl RowRuns<'_> {
    /// How many rows there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.starts.len() * self.run
    }
}

impl RowsOfB<'_> {
    /// So many rows of packed panels, which begin `apart` elements apart.
    #[inline(always)]
    pub fn of_panels(rows: usize, width: usize, apart: usize) -> Self {
        // A panel is longer than the L1 cache.
        let runs = RowRuns { starts: &[0], run: rows, step: width };
        RowsOfB { runs, apart, ahead: PREFETCH_ROWS * width }
    }
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

/// The product of a block of `a` and a block of `b`, with the epilogue, into a block of `c`.
///
/// # Safety
/// The processor has the instructions of `V`. Rows of `a` that are in place lie inside their slice.
#[inline(always)]
pub unsafe fn multiply_block<V: Vector, S: Wide>(
    a: BlockOfRows<'_, S>,
    b: &[S],
    rows: RowsOfB<'_>,
    c: &mut ColumnsMut<'_, S>,
    block: &Block,
    epilogue: TileEpilogue<'_, S>,
) {
    // SAFETY: the caller's.
    unsafe { multiply_tiles::<AsTheyAre<S::Lanes<V>>>(a, b, rows, c, block, epilogue) }
}

/// As [`multiply_block`], of any terms.
///
/// # Safety
/// As there.
#[inline(always)]
pub unsafe fn multiply_tiles<T: Terms>(
    a: BlockOfRows<'_, T::Term>,
    b: &[T::Term],
    rows: RowsOfB<'_>,
    c: &mut ColumnsMut<'_, SumOf<T>>,
    block: &Block,
    epilogue: TileEpilogue<'_, SumOf<T>>,
) {
    let (width, terms) = (2 * T::Lanes::LANES, rows.runs.len());
    let tiles = block.columns.len().div_ceil(width);
    let (Some(&last), true) = (rows.runs.starts.iter().max(), tiles > 0) else { return };
    let end = (tiles - 1) * rows.apart + last + rows.runs.run.saturating_sub(1) * rows.runs.step + width;
    assert!(end <= b.len(), "whole vectors of each row of `b`");
    for (row, height) in even_chunks(block.rows.len(), T::Lanes::TILE) {
        let a = match a {
            BlockOfRows::InPlace(a) => a.part(row, 0).cut([height, terms]),
            BlockOfRows::Packed(a) => Matrix { elements: &a[row * terms..][..height * terms], strides: [1, height] },
        };
        for (index, column) in block.columns.clone().step_by(width).enumerate() {
            let tile = Tile {
                row: block.rows.start + row,
                columns: column..block.columns.end.min(column + width),
                first: block.first && !epilogue.accumulate,
                last: block.last,
            };
            let b = b[index * rows.apart..].as_ptr();
            // SAFETY: the caller's; the rows of `b` lie inside.
            unsafe { dispatch_rows!(height, T::Lanes::TILE, micro_kernel::<T>(a, b, rows, c, &tile, epilogue)) };
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

/// The micro-kernel: a tile of the product of rows of `a` and columns of `b`.
///
/// # Safety
/// The processor has the instructions of `V`. There are `ROWS` rows in `a`, of as many columns as `b` has rows, and each of these begins
/// with two vectors.
#[inline(always)]
unsafe fn micro_kernel<T: Terms, const ROWS: usize>(
    a: Matrix<'_, T::Term>,
    b: *const T::Term,
    rows: RowsOfB<'_>,
    c: &mut ColumnsMut<'_, SumOf<T>>,
    tile: &Tile,
    epilogue: TileEpilogue<'_, SumOf<T>>,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [[T::Lanes::splat(num_traits::zero()); 2]; ROWS];
        let ([row_stride, stride], mut from) = (a.strides, a.elements.as_ptr());
        for &start in rows.runs.starts {
            let mut b = b.wrapping_add(start);
            for _ in 0..rows.runs.run {
                T::Lanes::prefetch(b.wrapping_add(rows.ahead).cast());
                T::Lanes::prefetch(b.wrapping_add(rows.ahead + T::Lanes::LANES).cast());
                let both = std::slice::from_raw_parts(b, 2 * T::Lanes::LANES);
                let (left, right) = (T::load(both), T::load(&both[T::Lanes::LANES..]));
                for row in 0..ROWS {
                    let factor = T::splat(*from.add(row * row_stride));
                    sums[row] = [T::accumulate(factor, left, sums[row][0]), T::accumulate(factor, right, sums[row][1])];
                }
                from = from.wrapping_add(stride);
                b = b.wrapping_add(rows.runs.step);
            }
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
