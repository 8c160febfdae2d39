//! Products of `bf16` by instructions that multiply pairs along the inner dimension, and sum in `f32`: of vectors, and of the matrix unit.
//!
//! Products of two numbers are exact in `f32`, and their sums are rounded as others are; but the instructions take numbers below
//! the normal ones, and sums below them, for zero.

use super::block_sizes::{BLOCK_A, BLOCK_B, BLOCK_K, BLOCK_M, avoids_aliasing, block_rows};
use super::dispatch::tile_at;
use super::few_rows;
use super::gemm::{self, Block, BlockOfRows, RowsOfB, TileEpilogue};
use super::level::Level;
use super::packed_matrix::PackedMatrix;
use super::pair_packing::{PackPanels, PairRows};
use super::terms::{Bf16Pairs, PairKernel};
use super::wide_number::room;
use crate::cpu::kernels::matrix::Matrix;
use crate::cpu::memory::Elements;
use crate::cpu::parallel::ColumnsMut;
use half::bf16;
use std::cell::Cell;
use std::ops::Range;

#[cfg(target_arch = "aarch64")]
use super::neon::pairs;
#[cfg(target_arch = "x86_64")]
use super::{
    pack::for_each_packed_part,
    x86::{amx, pairs},
};

thread_local! {
    /// Pairs of a block of `a`, whose memory is used by the next product.
    static ROOM: Cell<Option<Elements<u32>>> = const { Cell::new(None) };
}

/// Whether numbers are multiplied in pairs at this level.
pub fn are_multiplied(level: Level) -> bool {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512Bf16 | Level::Amx { .. } => true,
        #[cfg(target_arch = "aarch64")]
        Level::NeonBf16 => true,
        _ => false,
    }
}

/// The rows of packed panels of a matrix of so many: whole pairs, and whole tiles of them for the matrix unit.
pub fn packed_rows(level: Level, k: usize) -> usize {
    let pairs = k.div_ceil(2);
    2 * match level {
        #[cfg(target_arch = "x86_64")]
        Level::Amx { .. } => amx::padded_terms(pairs),
        _ => pairs,
    }
}

/// As [`pack::panels`](super::pack::panels), in pairs of rows, with zeros behind the last.
pub fn pack_panels(level: Level, b: Matrix<'_, bf16>, size: [usize; 2], width: usize, to: &mut [bf16]) {
    assert!(are_multiplied(level), "a level that has the instruction");
    // SAFETY: two numbers of 16 bits are one of 32, whatever their bits.
    let (before, to, after) = unsafe { to.align_to_mut::<u32>() };
    assert!(before.is_empty() && after.is_empty(), "room for pairs");
    // SAFETY: the processor has the instructions of the level.
    unsafe { pairs::Pairs::call(PackPanels { b, size, terms: packed_rows(level, size[0]) / 2, width, to }) };
}

/// Rows as so many pairs, with zeros behind the last, each row `stride` pairs after the one before.
///
/// # Safety
/// The processor has the instructions.
unsafe fn pair_up(a: Matrix<'_, bf16>, size: [usize; 2], [terms, stride]: [usize; 2], to: &mut [u32]) {
    if a.strides[1] != 1 {
        // SAFETY: the caller's.
        return unsafe { pairs::Pairs::call(PairRows { a, size, terms, stride, to }) };
    }
    let pair = |first: bf16, second: bf16| first.to_bits() as u32 | (second.to_bits() as u32) << 16;
    let columns = size[1];
    for (row, to) in to.chunks_mut(stride).enumerate().take(size[0]) {
        let from = &a.elements[row * a.strides[0]..][..columns];
        to.iter_mut().zip(from.chunks_exact(2)).for_each(|(to, two)| *to = pair(two[0], two[1]));
        if columns % 2 == 1 {
            to[columns / 2] = pair(from[columns - 1], bf16::ZERO);
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

/// As [`gemm::multiply_block`], of pairs.
struct MultiplyBlock<'a, 'c, 'all> {
    a: BlockOfRows<'a, u32>,
    b: &'a [u32],
    rows: RowsOfB<'a>,
    c: &'c mut ColumnsMut<'all, f32>,
    block: &'a Block,
    epilogue: TileEpilogue<'a, f32>,
}

impl PairKernel for MultiplyBlock<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<P: Bf16Pairs>(self) {
        let MultiplyBlock { a, b, rows, c, block, epilogue } = self;
        // SAFETY: the caller's.
        unsafe { gemm::multiply_tiles::<P>(a, b, rows, c, block, epilogue) }
    }
}

/// As [`few_rows::multiply`], of pairs.
struct MultiplyFewRows<'a, 'c, 'all> {
    k: usize,
    a: Matrix<'a, u32>,
    b: Matrix<'a, bf16>,
    c: &'c mut ColumnsMut<'all, f32>,
}

impl PairKernel for MultiplyFewRows<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<P: Bf16Pairs>(self) {
        // SAFETY: the caller's.
        unsafe { few_rows::multiply_terms::<P>(self.k, self.a, self.b, self.c) }
    }
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
    let tile = match level {
        #[cfg(target_arch = "x86_64")]
        Level::Amx { .. } => amx::TILE_ROWS,
        _ => tile,
    };
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
            let size = [rows.len(), (2 * terms).min(k - 2 * first)];
            // SAFETY: the processor has the instructions of the level.
            unsafe { pair_up(a.part(first_row, 2 * first), size, [terms, stride], pairs_of_a) };
            let a = BlockOfRows::InPlace(Matrix { elements: &*pairs_of_a, strides: [stride, 1] });
            for first_column in columns.clone().step_by(columns_at_once) {
                let block = Block {
                    rows: rows.clone(),
                    columns: first_column..columns.end.min(first_column + columns_at_once),
                    first: first == 0,
                    last: first + terms == all_terms,
                };
                let panels = &panels[(first_column - columns.start) * all_terms + first * width..];
                // SAFETY: the processor has the instructions of the level.
                unsafe {
                    match level {
                        #[cfg(target_arch = "x86_64")]
                        Level::Amx { .. } => {
                            amx::multiply_block(a, panels, [all_terms * width, terms], c, &block, epilogue);
                        }
                        _ => pairs::Pairs::call(MultiplyBlock {
                            a,
                            b: panels,
                            rows: RowsOfB::of_panels(terms, width, all_terms * width),
                            c,
                            block: &block,
                            epilogue,
                        }),
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
    #[cfg(target_arch = "x86_64")]
    if matches!(level, Level::Amx { .. }) {
        return multiply_few_rows_in_tiles(level, k, a, b, c);
    }
    let ([m, _], terms) = (c.size(), k.div_ceil(2));
    let mut room = Elements::arbitrary(m * terms);
    let pairs_of_a = room.get_mut().expect("new elements have one holder");
    // SAFETY: the processor has the instructions of the level; the matrices lie inside their slices.
    unsafe {
        pair_up(a, [m, k], [terms, terms], pairs_of_a);
        let a = Matrix { elements: &*pairs_of_a, strides: [terms, 1] };
        pairs::Pairs::call(MultiplyFewRows { k, a, b, c })
    };
}

/// The same by the matrix unit. It sums in another order than instructions of vectors do, and a row is the same alone and among others:
/// so `b` is packed, as many panels at a time as stay in the L2 cache.
#[cfg(target_arch = "x86_64")]
fn multiply_few_rows_in_tiles(
    level: Level,
    k: usize,
    a: Matrix<'_, bf16>,
    b: Matrix<'_, bf16>,
    c: &mut ColumnsMut<'_, f32>,
) {
    let ([_, width], rows) = (tile_at::<f32>(level), packed_rows(level, k));
    for_each_packed_part([rows, width], c.columns(), |part, panels| {
        pack_panels(level, b.part(0, part.start), [k, part.len()], width, panels);
        multiply_panels(level, k, a, as_pairs(panels), c, part, TileEpilogue::NONE);
    });
}
