//! Products of `f32` in three parts of `bf16` each, by the matrix unit: for those who ask for it.
//!
//! A row that does not fit, or a panel, is multiplied as it is. Which do is the matter of each one alone, so that a row is the same
//! alone and among others.

use super::block_sizes::{BLOCK_M, block_rows};
use super::dispatch::{multiply_block_at, panels_at, tile_at};
use super::gemm::{Block, BlockOfRows, RowsOfB, TileEpilogue};
use super::level::Level;
use super::pack::for_each_packed_part;
use super::packed_matrix::PackedMatrix;
use super::wide_number::room;
use super::x86::amx;
use crate::cpu::kernels::matrix::Matrix;
use crate::cpu::memory::Elements;
use crate::cpu::parallel::ColumnsMut;
use std::cell::Cell;
use std::ops::Range;

#[cfg(all(test, not(miri)))]
mod tests;

/// The block of the inner dimension: its rows of `a`, three parts of each, stay in the L2 cache.
const BLOCK_K: usize = 512;
/// A shorter sum is not more exact than that of `f32`, and fills no two tiles.
const LEAST_K: usize = 64;

thread_local! {
    /// Parts of a block of `a` and of a panel of `b`, whose memory is used by the next product.
    static ROOMS: Cell<[Option<Elements<u32>>; 2]> = const { Cell::new([const { None }; 2]) };
}

/// Whether numbers are multiplied in parts at this level, along so many.
pub fn are_multiplied(level: Level, k: usize) -> bool {
    level == Level::Amx { splits_f32: true } && k >= LEAST_K
}

/// As [`blocked::multiply_packed`](super::blocked::multiply_packed).
pub fn multiply_packed(
    level: Level,
    a: Matrix<'_, f32>,
    b: &PackedMatrix<f32>,
    c: &mut ColumnsMut<'_, f32>,
    column: usize,
    epilogue: TileEpilogue<'_, f32>,
) {
    let columns = c.columns();
    let panels = &b.panels.as_slice()[(column + columns.start - b.columns.start) * b.rows..];
    multiply_panels(level, b.size[0], a, panels, c, columns, epilogue);
}

/// As [`few_rows::multiply`](super::few_rows::multiply): packed, as many panels at a time as stay in the L2 cache.
pub fn multiply_few_rows(level: Level, k: usize, a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut ColumnsMut<'_, f32>) {
    let [_, width] = tile_at::<f32>(level);
    for_each_packed_part([k, width], c.columns(), |part, panels| {
        panels_at(level, b.part(0, part.start), [k, part.len()], panels);
        multiply_panels(level, k, a, panels, c, part, TileEpilogue::NONE);
    });
}

/// As [`multiply_packed`], into these columns of `c`, with the panels from the first of them on.
fn multiply_panels(
    level: Level,
    k: usize,
    a: Matrix<'_, f32>,
    panels: &[f32],
    c: &mut ColumnsMut<'_, f32>,
    columns: Range<usize>,
    epilogue: TileEpilogue<'_, f32>,
) {
    assert!(matches!(level, Level::Amx { .. }), "a level that has the unit");
    let ([m, _], [_, width]) = (c.size(), tile_at::<f32>(level));
    let most_steps = BLOCK_K / amx::STEP;
    let mut rooms = ROOMS.take();
    let [parts_of_a, parts_of_b] = &mut rooms;
    let parts_of_a = room(parts_of_a, BLOCK_M * most_steps * amx::PAIRS_OF_A);
    let parts_of_b = room(parts_of_b, most_steps * amx::PAIRS_OF_B);
    let mut fits = [true; BLOCK_M];
    for first_k in (0..k).step_by(BLOCK_K) {
        let terms = BLOCK_K.min(k - first_k);
        let steps = terms.div_ceil(amx::STEP);
        let (stride, rows_at_once) = (steps * amx::PAIRS_OF_A, block_rows(m, BLOCK_M, amx::TILE_ROWS));
        for first_row in (0..m).step_by(rows_at_once) {
            let rows = first_row..m.min(first_row + rows_at_once);
            let (a, fits) = (a.part(first_row, first_k), &mut fits[..rows.len()]);
            let parts_of_a = &mut parts_of_a[..rows.len() * stride];
            // SAFETY: the processor has the instructions of the level.
            unsafe { amx::split_rows(a, terms, stride, parts_of_a, fits) };
            for (panel, column) in columns.clone().step_by(width).enumerate() {
                let b = &panels[(panel * k + first_k) * width..][..terms * width];
                let block_of = |rows: Range<usize>| Block {
                    rows,
                    columns: column..columns.end.min(column + width),
                    first: first_k == 0,
                    last: first_k + terms == k,
                };
                let mut multiply_as_they_are = |rows: Range<usize>| {
                    let a = a.part(rows.start - first_row, 0).cut([rows.len(), terms]);
                    let (a, block) = (BlockOfRows::InPlace(a), block_of(rows));
                    let rows = RowsOfB::of_panels(terms, width, terms * width);
                    multiply_block_at(level, a, b, rows, c, &block, epilogue);
                };
                let parts_of_b = &mut parts_of_b[..steps * amx::PAIRS_OF_B];
                // SAFETY: as above.
                if unsafe { !amx::split_panel(b, parts_of_b) } {
                    multiply_as_they_are(rows.clone());
                    continue;
                }
                let unfit = rows.clone().zip(&*fits).filter(|(_, fits)| !**fits);
                unfit.for_each(|(row, _)| multiply_as_they_are(row..row + 1));
                let block = block_of(rows.clone());
                // SAFETY: as above.
                unsafe { amx::multiply_parts((parts_of_a, stride, fits), parts_of_b, c, &block, epilogue) };
            }
        }
    }
    ROOMS.set(rooms);
}
