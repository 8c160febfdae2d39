//! A block of a product of pairs of `bf16`, tile by tile.

use super::super::super::gemm::{Block, BlockOfRows, Tile, TileEpilogue, write_tile};
use super::super::super::vector::Lanes;
use super::super::avx512::Avx512;
use super::tiles::{COLUMNS, ROWS, SIDE, Sums, Tiles};
use crate::cpu::parallel::ColumnsMut;

/// So many pairs are multiplied for this many: a tile of `b` is as long as any other, and what it has too much is zero.
pub const fn padded_terms(terms: usize) -> usize {
    terms.next_multiple_of(SIDE)
}

/// As [`gemm::multiply_block`](super::super::super::gemm::multiply_block), of pairs whose rows are in place, and whose number is
/// [padded](padded_terms).
///
/// # Safety
/// As there; the processor has the unit and AVX-512, and the system gives it to this process.
#[target_feature(enable = "avx512f,avx512vl")]
pub unsafe fn multiply_block(
    a: BlockOfRows<'_, u32>,
    b: &[u32],
    [stride, terms]: [usize; 2],
    c: &mut ColumnsMut<'_, f32>,
    block: &Block,
    epilogue: TileEpilogue<'_, f32>,
) {
    const { assert!(COLUMNS == 2 * Avx512::LANES) };
    let BlockOfRows::InPlace(a) = a else { unreachable!("rows of pairs are in place") };
    assert!(terms == padded_terms(terms) && terms > 0 && a.strides[1] == 1, "whole tiles");
    let rows_of = |first: usize| ROWS.min(block.rows.len() - first);
    // SAFETY: the caller's; nothing that is called here has tiles of its own.
    let (mut tiles, mut sums) = (unsafe { Tiles::new(rows_of(0)) }, Sums([[0.0; COLUMNS]; ROWS]));
    for first in (0..block.rows.len()).step_by(ROWS) {
        let rows = rows_of(first);
        tiles.set_rows(rows);
        let (row_stride, a) = (a.strides[0], a.part(first, 0).cut([rows, terms]));
        for (panel, column) in block.columns.clone().step_by(COLUMNS).enumerate() {
            let b = &b[panel * stride..][..terms * COLUMNS];
            // SAFETY: the slices were cut to what is read.
            unsafe { tiles.multiply(a.elements, row_stride, b, terms / SIDE, &mut sums) };
            for (row, sums) in sums.0[..rows].iter().enumerate() {
                let tile = Tile {
                    row: block.rows.start + first + row,
                    columns: column..block.columns.end.min(column + COLUMNS),
                    first: block.first && !epilogue.accumulate,
                    last: block.last,
                };
                // SAFETY: this function has the instructions; a row of sums is two vectors.
                unsafe {
                    let sums = [Avx512::load(sums), Avx512::load(&sums[Avx512::LANES..])];
                    write_tile::<Avx512, 1>([sums], c, &tile, epilogue);
                }
            }
        }
    }
}
