//! The blocks of a product of matrices, whose kernels are [`gemm`](super::gemm).
//!
//! Rows of `a` are read in place where they fit into the L1 cache: to pack them took 2 to 3 % of a product. Narrow numbers are
//! widened a block at a time: so `b` is packed as it is, and read from memory so.

use super::block_sizes::{BLOCK_A, BLOCK_B, BLOCK_K, BLOCK_M, avoids_aliasing, block_rows};
use super::dispatch::{
    multiply_block_at, multiply_few_narrow_rows_at, multiply_few_rows_at, panels_at, tile_at, tiles_at,
};
use super::gemm::{Block, BlockOfRows, RowsOfB, TileEpilogue};
use super::level::Level;
use super::narrow::Narrow;
use super::pack::narrow_panels;
use super::packed_matrix::PackedMatrix;
#[cfg(any(all(target_arch = "x86_64", feature = "avx512"), target_arch = "aarch64"))]
use super::pairs;
#[cfg(all(target_arch = "x86_64", feature = "avx512"))]
use super::parts;
use super::wide_number::{Wide, room};
use crate::backend::Float;
use crate::cpu::kernels::cast::cast;
use crate::cpu::kernels::matrix::Matrix;
use crate::cpu::kernels::wide::{is_wide, widen_all};
use crate::cpu::memory::Elements;
use crate::cpu::parallel::ColumnsMut;
use half::{bf16, f16};

/// A number that matrices are multiplied of: `f32` or `f64`, or a narrow one, which is widened or multiplied by an instruction of
/// its own.
pub trait Factor: Float<Wide: Wide> {
    /// The rows of packed panels of a matrix of so many.
    fn packed_rows(_: Level, k: usize) -> usize {
        k
    }
    /// Packs the first panels of a matrix `(k, n)`, each of this width, as many as there is room for.
    fn pack_panels(level: Level, b: Matrix<'_, Self>, size: [usize; 2], width: usize, to: &mut [Self]);
    /// As [`multiply_packed`], where no size is wrong.
    fn multiply_blocks(
        level: Level,
        a: Matrix<'_, Self>,
        b: &PackedMatrix<Self>,
        c: &mut ColumnsMut<'_, Self::Wide>,
        column: usize,
        epilogue: TileEpilogue<'_, Self::Wide>,
    ) {
        multiply_blocks(level, a, b, c, column, epilogue);
    }
    /// Whether a few rows are multiplied faster by a packed weight. Where it has to be widened first they are not.
    fn packs_for_few_rows(_: Level) -> bool {
        is_wide::<Self>()
    }
    /// The product of a few rows and a matrix whose rows or columns lie together, of which nothing is packed.
    fn multiply_few_rows(
        level: Level,
        k: usize,
        a: Matrix<'_, Self>,
        b: Matrix<'_, Self>,
        c: &mut ColumnsMut<'_, Self::Wide>,
    );
}

impl Factor for f64 {
    fn pack_panels(level: Level, b: Matrix<'_, f64>, size: [usize; 2], _: usize, to: &mut [f64]) {
        panels_at(level, b, size, to);
    }
    fn multiply_few_rows(level: Level, k: usize, a: Matrix<'_, f64>, b: Matrix<'_, f64>, c: &mut ColumnsMut<'_, f64>) {
        multiply_few_rows_at(level, k, a, b, c);
    }
}

impl Factor for f32 {
    fn pack_panels(level: Level, b: Matrix<'_, f32>, size: [usize; 2], _: usize, to: &mut [f32]) {
        panels_at(level, b, size, to);
    }
    #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
    fn multiply_blocks(
        level: Level,
        a: Matrix<'_, f32>,
        b: &PackedMatrix<f32>,
        c: &mut ColumnsMut<'_, f32>,
        column: usize,
        epilogue: TileEpilogue<'_, f32>,
    ) {
        if parts::are_multiplied(level, b.size[0]) {
            return parts::multiply_packed(level, a, b, c, column, epilogue);
        }
        multiply_blocks(level, a, b, c, column, epilogue);
    }
    fn multiply_few_rows(level: Level, k: usize, a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut ColumnsMut<'_, f32>) {
        #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
        if parts::are_multiplied(level, k) {
            return parts::multiply_few_rows(level, k, a, b, c);
        }
        multiply_few_rows_at(level, k, a, b, c);
    }
}

/// A few rows, widened, by a narrow matrix.
fn multiply_few_widened_rows<T: Factor<Wide = f32> + Narrow>(
    level: Level,
    k: usize,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    c: &mut ColumnsMut<'_, f32>,
) {
    let ([m, _], mut kept) = (c.size(), None);
    let a = widened_rows(a, [m, k], || room(&mut kept, m * k));
    multiply_few_narrow_rows_at(level, k, a, b, c);
}

impl Factor for f16 {
    fn pack_panels(_: Level, b: Matrix<'_, f16>, size: [usize; 2], width: usize, to: &mut [f16]) {
        narrow_panels(b, size, width, to);
    }
    fn multiply_few_rows(level: Level, k: usize, a: Matrix<'_, f16>, b: Matrix<'_, f16>, c: &mut ColumnsMut<'_, f32>) {
        multiply_few_widened_rows(level, k, a, b, c);
    }
}

impl Factor for bf16 {
    #[cfg(any(all(target_arch = "x86_64", feature = "avx512"), target_arch = "aarch64"))]
    fn packed_rows(level: Level, k: usize) -> usize {
        if pairs::are_multiplied(level) { pairs::packed_rows(level, k) } else { k }
    }
    fn pack_panels(_level: Level, b: Matrix<'_, bf16>, size: [usize; 2], width: usize, to: &mut [bf16]) {
        #[cfg(any(all(target_arch = "x86_64", feature = "avx512"), target_arch = "aarch64"))]
        if pairs::are_multiplied(_level) {
            return pairs::pack_panels(_level, b, size, width, to);
        }
        narrow_panels(b, size, width, to);
    }
    #[cfg(any(all(target_arch = "x86_64", feature = "avx512"), target_arch = "aarch64"))]
    fn multiply_blocks(
        level: Level,
        a: Matrix<'_, bf16>,
        b: &PackedMatrix<bf16>,
        c: &mut ColumnsMut<'_, f32>,
        column: usize,
        epilogue: TileEpilogue<'_, f32>,
    ) {
        if pairs::are_multiplied(level) {
            return pairs::multiply_packed(level, a, b, c, column, epilogue);
        }
        multiply_blocks(level, a, b, c, column, epilogue);
    }
    #[cfg(any(all(target_arch = "x86_64", feature = "avx512"), target_arch = "aarch64"))]
    fn packs_for_few_rows(level: Level) -> bool {
        pairs::are_multiplied(level)
    }
    fn multiply_few_rows(
        level: Level,
        k: usize,
        a: Matrix<'_, bf16>,
        b: Matrix<'_, bf16>,
        c: &mut ColumnsMut<'_, f32>,
    ) {
        #[cfg(any(all(target_arch = "x86_64", feature = "avx512"), target_arch = "aarch64"))]
        if pairs::are_multiplied(level) {
            return pairs::multiply_few_rows(level, k, a, b, c);
        }
        multiply_few_widened_rows(level, k, a, b, c);
    }
}

/// The product of `a (m, k)` and the packed `b`, with the epilogue, into columns of the row-major `c (m, _)`, of which column 0
/// is this `column` of the whole product; they begin with a panel of `b`.
///
/// # Panics
/// A matrix is too small.
pub fn multiply_packed<T: Factor>(
    level: Level,
    a: Matrix<'_, T>,
    b: &PackedMatrix<T>,
    c: &mut ColumnsMut<'_, T::Wide>,
    column: usize,
    epilogue: TileEpilogue<'_, T::Wide>,
) {
    let ([k, _], [m, stride], columns) = (b.size, c.size(), c.columns());
    let [_, width] = tile_at::<T::Wide>(level);
    assert!(a.lies_inside([m, k]), "a buffer ends before its matrix");
    assert!(b.width == width && column + stride <= b.all_columns, "a product as large as its result");
    let inside = b.columns.start <= column + columns.start && column + columns.end <= b.columns.end;
    assert!(inside, "columns that are packed");
    let first_packed = column + columns.start - b.columns.start;
    assert!(first_packed.is_multiple_of(width), "columns from a panel on");
    assert!(epilogue.bias.is_none_or(|bias| bias.len() == stride), "a bias for each column");
    assert!(epilogue.residual.is_none_or(|residual| residual.len() == m * stride), "a residual for each element");
    T::multiply_blocks(level, a, b, c, column, epilogue);
}

/// The same, where no size is wrong.
fn multiply_blocks<T: Factor>(
    level: Level,
    a: Matrix<'_, T>,
    b: &PackedMatrix<T>,
    c: &mut ColumnsMut<'_, T::Wide>,
    column: usize,
    epilogue: TileEpilogue<'_, T::Wide>,
) {
    let ([k, _], [m, _], columns) = (b.size, c.size(), c.columns());
    let [tile, width] = tile_at::<T::Wide>(level);
    let (most_a, most_b) = (BLOCK_A / size_of::<T::Wide>(), BLOCK_B / size_of::<T::Wide>());
    let mut rooms = T::Wide::rooms().take();
    let [packed_a, wide_a, wide_b] = &mut rooms;
    for first_k in (0..k).step_by(BLOCK_K) {
        let terms = BLOCK_K.min(k - first_k);
        let rows_at_once = block_rows(m, (most_a / terms).min(BLOCK_M), tile);
        let columns_at_once = (most_b / terms / width * width).max(width);
        for first_row in (0..m).step_by(rows_at_once) {
            let rows = first_row..m.min(first_row + rows_at_once);
            let a = widened_rows(a.part(first_row, first_k), [rows.len(), terms], || room(wide_a, most_a));
            let a = block_of_rows(level, a, [rows.len(), terms], packed_a);
            for first_column in columns.clone().step_by(columns_at_once) {
                let block = Block {
                    rows: rows.clone(),
                    columns: first_column..columns.end.min(first_column + columns_at_once),
                    first: first_k == 0,
                    last: first_k + terms == k,
                };
                let panels = &b.panels.as_slice()[(column + first_column - b.columns.start) * b.rows..];
                let (panels, apart) = match cast::<T::Wide, _>(panels) {
                    Ok(panels) => (&panels[first_k * width..], b.rows * width),
                    Err(panels) => {
                        let (count, wide_b) = (block.columns.len().div_ceil(width), room(wide_b, most_b));
                        for panel in 0..count {
                            let from = &panels[(panel * b.rows + first_k) * width..][..terms * width];
                            widen_all(from, &mut wide_b[panel * terms * width..][..terms * width]);
                        }
                        (&wide_b[..count * terms * width], terms * width)
                    }
                };
                let rows = RowsOfB::of_panels(terms, width, apart);
                multiply_block_at(level, a, panels, rows, c, &block, epilogue);
            }
        }
    }
    T::Wide::rooms().set(rooms);
}

/// Rows for the micro-kernel: as they are, or packed for its tiles.
pub fn block_of_rows<'a, S: Wide>(
    level: Level,
    a: Matrix<'a, S>,
    size: [usize; 2],
    packed: &'a mut Option<Elements<S>>,
) -> BlockOfRows<'a, S> {
    if a.strides[1] == 1 && avoids_aliasing::<S>(a.strides[0]) {
        return BlockOfRows::InPlace(a.cut(size));
    }
    let packed = room(packed, BLOCK_A / size_of::<S>());
    tiles_at(level, a, size, packed);
    BlockOfRows::Packed(packed)
}

/// Rows as wide numbers: as they are, or widened into the room, with the same axis contiguous.
pub fn widened_rows<'a, T: Factor>(
    a: Matrix<'a, T>,
    [rows, columns]: [usize; 2],
    room: impl FnOnce() -> &'a mut [T::Wide],
) -> Matrix<'a, T::Wide> {
    let a = match cast::<T::Wide, _>(a) {
        Ok(wide) => return wide,
        Err(narrow) => narrow,
    };
    let room = room();
    if a.strides[0] == 1 && a.strides[1] != 1 {
        for (column, to) in room[..rows * columns].chunks_exact_mut(rows).enumerate() {
            widen_all(&a.elements[column * a.strides[1]..][..rows], to);
        }
        return Matrix { elements: room, strides: [1, rows] };
    }
    for (row, to) in room[..rows * columns].chunks_exact_mut(columns).enumerate() {
        let from = &a.elements[row * a.strides[0]..];
        if a.strides[1] == 1 {
            widen_all(&from[..columns], to);
        } else {
            to.iter_mut().enumerate().for_each(|(column, to)| *to = from[column * a.strides[1]].widened());
        }
    }
    Matrix { elements: room, strides: [columns, 1] }
}
