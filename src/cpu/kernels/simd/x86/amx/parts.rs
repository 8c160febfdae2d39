//! Products of `f32` by the matrix unit, each number as a sum of three `bf16`.
//!
//! Of 24 binary digits each part has 8, so that the sum is exact; of nine products of parts six are calculated, and those that are not
//! are below 2⁻²³ of the whole. The five small ones are summed first, along all of a block of the inner dimension, and then those of
//! the first parts: so only these are rounded in the last places of the sum.

use super::super::super::gemm::{Block, Tile, TileEpilogue, write_tile};
use super::super::super::vector::Lanes;
use super::super::avx512::Avx512;
use super::tiles::{COLUMNS, ROWS, SIDE, Sums, Tiles};
use crate::cpu::kernels::matrix::Matrix;
use crate::cpu::parallel::ColumnsMut;

/// The numbers of a row that a step multiplies.
pub const STEP: usize = 2 * SIDE;
/// The pairs of a row of `a` of a step: those of the first parts, of the second and of the third.
pub const PAIRS_OF_A: usize = 3 * SIDE;
/// The pairs of a panel of `b` of a step: 16 rows of the first parts, of the second and of the third.
pub const PAIRS_OF_B: usize = 3 * SIDE * COLUMNS;

/// The magnitudes that are multiplied in parts. Products of larger ones, hundreds of them, might be infinite where the sum is not; and of
/// smaller ones the products of parts come so near to the least normal number, below which the unit takes zero, that it shows.
const FROM: f32 = 1.0 / (1u64 << 45) as f32;
const TO: f32 = (1u64 << 57) as f32;

/// Whether all of them can be multiplied in parts, as zero can.
#[inline(always)]
fn fit(numbers: &[f32]) -> bool {
    let (from, to) = (FROM.to_bits(), TO.to_bits());
    let outside = numbers.iter().map(|x| {
        let magnitude = x.to_bits() & i32::MAX as u32;
        ((magnitude < from) as u32 & (magnitude != 0) as u32) | (magnitude > to) as u32
    });
    outside.fold(0, |any, outside| any | outside) == 0
}

/// The three parts of a number, as the upper halves of `f32`.
#[inline(always)]
fn split(x: f32) -> [u32; 3] {
    let nearest = |x: f32| x.to_bits().wrapping_add(1 << 15) & !0xFFFF;
    let first = nearest(x);
    let left = x - f32::from_bits(first);
    let second = nearest(left);
    [first, second, (left - f32::from_bits(second)).to_bits()]
}

/// Splits rows of `a`, each of so many columns, `stride` pairs apart, with zeros behind the last; says of each whether it fits.
///
/// # Safety
/// The processor has AVX-512.
#[target_feature(enable = "avx512f,avx512vl")]
pub unsafe fn split_rows(a: Matrix<'_, f32>, columns: usize, stride: usize, to: &mut [u32], fits: &mut [bool]) {
    for (row, (to, fits)) in to.chunks_mut(stride).zip(fits).enumerate() {
        let (from, mut numbers) = (&a.elements[row * a.strides[0]..], [0.0; STEP]);
        *fits = true;
        for (step, to) in to.chunks_exact_mut(PAIRS_OF_A).enumerate().take(columns.div_ceil(STEP)) {
            let first = step * STEP;
            let count = STEP.min(columns - first);
            if count < STEP {
                numbers.fill(0.0);
            }
            if a.strides[1] == 1 {
                numbers[..count].copy_from_slice(&from[first..first + count]);
            } else {
                let at = |column: usize| from[(first + column) * a.strides[1]];
                numbers[..count].iter_mut().enumerate().for_each(|(column, to)| *to = at(column));
            }
            *fits &= fit(&numbers);
            for (pair, two) in numbers.chunks_exact(2).enumerate() {
                let (low, high) = (split(two[0]), split(two[1]));
                (0..3).for_each(|part| to[part * SIDE + pair] = low[part] >> 16 | high[part] & !0xFFFF);
            }
        }
    }
}

/// Splits so many rows of a panel of `b`, with zeros behind the last; says whether all of it fits.
///
/// # Safety
/// The processor has AVX-512.
#[target_feature(enable = "avx512f,avx512vl")]
pub unsafe fn split_panel(b: &[f32], to: &mut [u32]) -> bool {
    let mut fits = true;
    for (from, to) in b.chunks(STEP * COLUMNS).zip(to.chunks_exact_mut(PAIRS_OF_B)) {
        if from.len() < STEP * COLUMNS {
            to.fill(0);
        }
        fits &= fit(from);
        let (rows, _) = from.as_chunks::<COLUMNS>();
        for (pair, two) in rows.chunks(2).enumerate() {
            let (low, high) = (&two[0], two.get(1).unwrap_or(&[0.0; COLUMNS]));
            // Each part by itself, as the compiler makes vectors of the whole loop then.
            let mut parts = [[0; COLUMNS]; 3];
            for column in 0..COLUMNS {
                let (low, high) = (split(low[column]), split(high[column]));
                (0..3).for_each(|part| parts[part][column] = low[part] >> 16 | high[part] & !0xFFFF);
            }
            for (to, part) in to.chunks_exact_mut(SIDE * COLUMNS).zip(parts) {
                to[pair * COLUMNS..][..COLUMNS].copy_from_slice(&part);
            }
        }
    }
    fits
}

/// The product of rows of `a` that fit, and a panel of `b`, both in parts, with the epilogue, into a block of `c`.
///
/// # Safety
/// The processor has the unit and AVX-512, and the system gives it to this process.
#[target_feature(enable = "avx512f,avx512vl")]
pub unsafe fn multiply_parts(
    (a, stride, fits): (&[u32], usize, &[bool]),
    b: &[u32],
    c: &mut ColumnsMut<'_, f32>,
    block: &Block,
    epilogue: TileEpilogue<'_, f32>,
) {
    let (steps, rows_of) = (b.len() / PAIRS_OF_B, |first: usize| ROWS.min(block.rows.len() - first));
    assert!(steps > 0 && stride >= steps * PAIRS_OF_A && block.columns.len() <= COLUMNS, "a panel in parts");
    // SAFETY: the caller's; nothing that is called here has tiles of its own.
    let (mut tiles, mut sums) = (unsafe { Tiles::new(rows_of(0)) }, Sums([[0.0; COLUMNS]; ROWS]));
    for first in (0..block.rows.len()).step_by(ROWS) {
        let rows = rows_of(first);
        tiles.set_rows(rows);
        let a = &a[first * stride..][..(rows - 1) * stride + steps * PAIRS_OF_A];
        // SAFETY: the slices were cut to what is read.
        unsafe { tiles.multiply_parts(a, stride, b, steps, &mut sums) };
        for (row, sums) in sums.0[..rows].iter().enumerate().filter(|(row, _)| fits[first + row]) {
            let tile = Tile {
                row: block.rows.start + first + row,
                columns: block.columns.clone(),
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
