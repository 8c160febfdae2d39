//! Products of `bf16` by instructions that multiply pairs along the inner dimension, and sum in `f32`: of vectors, and of the matrix unit.
//!
//! Products of two numbers are exact in `f32`, and their sums are rounded as others are; but the instructions take numbers below
//! the normal ones, and sums below them, for zero.

use super::block_sizes::{BLOCK_A, BLOCK_B, BLOCK_K, BLOCK_M, avoids_aliasing, block_rows};
use super::dispatch::tile_at;
use super::gemm::{Block, BlockOfRows, TileEpilogue};
use super::level::Level;
use super::packed_matrix::PackedMatrix;
use super::wide_number::room;
use super::x86::{amx, pairs};
use crate::cpu::kernels::matrix::Matrix;
use crate::cpu::memory::Elements;
use crate::cpu::parallel::ColumnsMut;
use half::bf16;
use std::cell::Cell;
use std::ops::Range;

thread_local! {
    /// Pairs of a block of `a`, whose memory is used by the next product.
    static ROOM: Cell<Option<Elements<u32>>> = const { Cell::new(None) };
}

/// Whether numbers are multiplied in pairs at this level.
pub fn are_multiplied(level: Level) -> bool {
    matches!(level, Level::Avx512Bf16 | Level::Amx { .. })
}

/// The rows of packed panels of a matrix of so many: whole pairs, and whole tiles of them for the matrix unit.
pub fn packed_rows(level: Level, k: usize) -> usize {
    let pairs = k.div_ceil(2);
    2 * if matches!(level, Level::Amx { .. }) { amx::padded_terms(pairs) } else { pairs }
}

/// As [`pack::panels`](super::pack::panels), in pairs of rows, with zeros behind the last.
pub fn pack_panels(level: Level, b: Matrix<'_, bf16>, [k, n]: [usize; 2], width: usize, to: &mut [bf16]) {
    /// The rows that are packed at a time: the part of a panel stays in the L1 cache.
    const ROWS: usize = 128;
    let packed_rows = packed_rows(level, k);
    debug_assert!(packed_rows - k < ROWS);
    for (panel, to) in to.chunks_exact_mut(packed_rows * width).enumerate() {
        let (first, columns) = (panel * width, width.min(n - panel * width));
        if columns < width || k < packed_rows {
            to.fill(bf16::ZERO);
        }
        for (part, to) in to.chunks_mut(ROWS * width).enumerate() {
            let b = b.part(part * ROWS, first);
            let rows = ROWS.min(k - part * ROWS);
            if b.strides[1] == 1 {
                for row in 0..rows {
                    let to = to[row / 2 * 2 * width + row % 2..].iter_mut().step_by(2);
                    to.zip(&b.elements[row * b.strides[0]..][..columns]).for_each(|(to, from)| *to = *from);
                }
                continue;
            }
            for column in 0..columns {
                let from = &b.elements[column * b.strides[1]..];
                let whole = if b.strides[0] == 1 { rows / 2 } else { 0 };
                for (two, to) in from[..2 * whole].chunks_exact(2).zip(to.chunks_exact_mut(2 * width)) {
                    to[2 * column..][..2].copy_from_slice(two);
                }
                for (pair, to) in to.chunks_exact_mut(2 * width).enumerate().take(rows.div_ceil(2)).skip(whole) {
                    to[2 * column] = from[2 * pair * b.strides[0]];
                    if 2 * pair + 1 < rows {
                        to[2 * column + 1] = from[(2 * pair + 1) * b.strides[0]];
                    }
                }
            }
        }
    }
}

/// Rows as so many pairs, with zeros behind the last, each row `stride` pairs after the one before.
fn pair_up(a: Matrix<'_, bf16>, columns: usize, [terms, stride]: [usize; 2], to: &mut [u32]) {
    let pair = |first: bf16, second: bf16| first.to_bits() as u32 | (second.to_bits() as u32) << 16;
    for (row, to) in to.chunks_mut(stride).enumerate() {
        let from = &a.elements[row * a.strides[0]..];
        if a.strides[1] == 1 {
            to.iter_mut().zip(from[..columns].chunks_exact(2)).for_each(|(to, two)| *to = pair(two[0], two[1]));
        } else {
            let at = |column: usize| from[column * a.strides[1]];
            let pairs = to.iter_mut().enumerate().take(columns / 2);
            pairs.for_each(|(term, to)| *to = pair(at(2 * term), at(2 * term + 1)));
        }
        if columns % 2 == 1 {
            to[columns / 2] = pair(from[(columns - 1) * a.strides[1]], bf16::ZERO);
        }
        to[columns.div_ceil(2)..terms].fill(0);
    }
}

/// As [`blocked::multiply_packed`](super::blocked::multiply_packed).
pub fn multiply_packed(
    level: Level,
    a: Matrix<'_, bf16>,
    b: &PackedMatrix<bf16>,
    c: &mut ColumnsMut<'_, f32>,
    column: usize,
    epilogue: TileEpilogue<'_, f32>,
) {
    assert!(are_multiplied(level), "a level that has the instruction");
    let (panels, columns) = (as_pairs(b.panels.as_slice()), c.columns());
    let panels = &panels[(column + columns.start - b.columns.start) * (b.rows / 2)..];
    multiply_panels(level, b.size[0], a, panels, c, columns, epilogue);
}

/// Packed pairs as terms.
fn as_pairs(panels: &[bf16]) -> &[u32] {
    // SAFETY: two numbers of 16 bits are one of 32, whatever their bits.
    let (before, panels, after) = unsafe { panels.align_to::<u32>() };
    assert!(before.is_empty() && after.is_empty(), "packed pairs");
    panels
}

/// As [`multiply_packed`], into these columns of `c`, with the panels from the first of them on.
fn multiply_panels(
    level: Level,
    k: usize,
    a: Matrix<'_, bf16>,
    panels: &[u32],
    c: &mut ColumnsMut<'_, f32>,
    columns: Range<usize>,
    epilogue: TileEpilogue<'_, f32>,
) {
    let ([m, _], [tile, width]) = (c.size(), tile_at::<f32>(level));
    let tile = if matches!(level, Level::Amx { .. }) { amx::TILE_ROWS } else { tile };
    let (all_terms, most_terms) = (packed_rows(level, k) / 2, BLOCK_K / 2);
    let (most_a, most_b) = (BLOCK_A / size_of::<u32>(), BLOCK_B / size_of::<u32>());
    let mut kept = ROOM.take();
    let pairs_of_a = room(&mut kept, most_a);
    for first in (0..all_terms).step_by(most_terms) {
        let terms = most_terms.min(all_terms - first);
        let stride = if avoids_aliasing::<u32>(terms) { terms } else { terms + 16 };
        let rows_at_once = block_rows(m, (most_a / stride).min(BLOCK_M), tile);
        let columns_at_once = (most_b / terms / width * width).max(width);
        for first_row in (0..m).step_by(rows_at_once) {
            let rows = first_row..m.min(first_row + rows_at_once);
            let pairs_of_a = &mut pairs_of_a[..rows.len() * stride];
            pair_up(a.part(first_row, 2 * first), (2 * terms).min(k - 2 * first), [terms, stride], pairs_of_a);
            let a = BlockOfRows::InPlace(Matrix { elements: &*pairs_of_a, strides: [stride, 1] });
            for first_column in columns.clone().step_by(columns_at_once) {
                let block = Block {
                    rows: rows.clone(),
                    columns: first_column..columns.end.min(first_column + columns_at_once),
                    first: first == 0,
                    last: first + terms == all_terms,
                };
                let panels = &panels[(first_column - columns.start) * all_terms + first * width..];
                let apart = [all_terms * width, terms];
                // SAFETY: the processor has the instructions of the level.
                unsafe {
                    match level {
                        Level::Amx { .. } => amx::multiply_block(a, panels, apart, c, &block, epilogue),
                        _ => pairs::multiply_block(a, panels, apart, c, &block, epilogue),
                    }
                }
            }
        }
    }
    ROOM.set(kept);
}

/// As [`few_rows::multiply`](super::few_rows::multiply).
pub fn multiply_few_rows(
    level: Level,
    k: usize,
    a: Matrix<'_, bf16>,
    b: Matrix<'_, bf16>,
    c: &mut ColumnsMut<'_, f32>,
) {
    assert!(are_multiplied(level), "a level that has the instruction");
    if matches!(level, Level::Amx { .. }) {
        return multiply_few_rows_in_tiles(level, k, a, b, c);
    }
    let ([m, _], terms) = (c.size(), k.div_ceil(2));
    let mut room = Elements::arbitrary(m * terms);
    let pairs_of_a = room.get_mut().expect("new elements have one holder");
    pair_up(a, k, [terms, terms], pairs_of_a);
    // SAFETY: the processor has the instructions of the level; the matrices lie inside their slices.
    unsafe { pairs::multiply_few_rows(k, Matrix { elements: &*pairs_of_a, strides: [terms, 1] }, b, c) };
}

/// The same by the matrix unit. It sums in another order than instructions of vectors do, and a row is the same alone and among others:
/// so `b` is packed, as many panels at a time as stay in the L2 cache.
fn multiply_few_rows_in_tiles(
    level: Level,
    k: usize,
    a: Matrix<'_, bf16>,
    b: Matrix<'_, bf16>,
    c: &mut ColumnsMut<'_, f32>,
) {
    let ([_, width], rows, columns) = (tile_at::<f32>(level), packed_rows(level, k), c.columns());
    let most = (BLOCK_B / size_of::<bf16>() / rows / width * width).max(width);
    let mut room = Elements::arbitrary(rows * most.min(columns.len().next_multiple_of(width)));
    let panels = room.get_mut().expect("new elements have one holder");
    for first in columns.clone().step_by(most) {
        let part = first..columns.end.min(first + most);
        let panels = &mut panels[..rows * part.len().next_multiple_of(width)];
        pack_panels(level, b.part(0, first), [k, part.len()], width, panels);
        multiply_panels(level, k, a, as_pairs(panels), c, part, TileEpilogue::NONE);
    }
}
