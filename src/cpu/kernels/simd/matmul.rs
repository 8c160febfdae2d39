//! Matrix products: the choice of the kernel, and the partition among the cores.

use super::dispatch::{dot_blocks, multiply_few_rows_at, multiply_packed_at, multiply_small_at, rows_at, tile_at};
use super::elementwise::{binary, unary};
use super::few_rows::FEW_ROWS;
use super::format::F32;
use super::gemm::{BLOCK_M, TileEpilogue};
#[cfg(any(feature = "gguf", test))]
use super::integers::{self, Activations};
use super::level::{Level, level};
use super::packed_matrix::PackedMatrix;
use super::quantised::{dot_at, unpack_at};
use super::weight_cache::{advise_huge_pages, pack, packed_weight};
use crate::backend::Epilogue;
use crate::cpu::kernels::blocks::Rows;
use crate::cpu::kernels::epilogue::finish as apply;
use crate::cpu::kernels::matrix::{Matrix, Multiplier, Weight, is_nonempty_product, partition_rows, product_work};
use crate::cpu::memory::Elements;
use crate::cpu::parallel::{ColumnsMut, cores, for_each_columns};
use std::borrow::Cow;
use zerocopy::IntoBytes;

/// A matrix of so many elements or fewer stays in the L1 and L2 caches: it is not packed, but its rows are made
/// contiguous.
const SMALL: usize = 1 << 12;
/// The elements of a work item: the epilogue runs while they are in the L2 cache.
const BLOCK: usize = 1 << 17;

/// Work items for each core, where the product is partitioned by columns.
const CHUNKS_PER_CORE: usize = 2;

/// So many elements nearly fill the L2 cache.
const CACHED: usize = 1 << 18;

/// The product of `a (m, k)` and `b (k, n)`, into the row-major `c (m, n)`.
///
/// # Panics
/// A matrix does not lie inside its slice.
pub fn multiply(size: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32]) {
    multiply_at(level(), size, a, b, c);
}

pub fn multiply_at(level: Level, size: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32]) {
    if !is_nonempty_product(size, a, b, c) {
        return c.fill(0.0);
    }
    let [m, k, n] = size;
    // The choice must not depend on the number of rows: the kernels sum in different orders.
    if k * n <= SMALL {
        if b.strides[1] == 1 {
            return multiply_small_at(level, size, a, b, c);
        }
        let mut rows = Elements::arbitrary(k * n);
        rows_at(level, b, [k, n], rows.get_mut().expect("new elements have one holder"));
        multiply_small_at(level, size, a, Matrix { elements: rows.as_slice(), strides: [n, 1] }, c);
    } else if m <= FEW_ROWS && b.strides.contains(&1) {
        multiply_few_rows(level, size, a, b, c);
    } else {
        let block = block_k(size, a);
        for first in (0..k).step_by(block) {
            let depth = block.min(k - first);
            let tile_epilogue = TileEpilogue { accumulate: first > 0, ..TileEpilogue::default() };
            if let Some(columns) = columns_of_a_core(level, [m, depth, n]) {
                multiply_columns(level, [m, depth, n], columns, a.part(0, first), b.part(first, 0), c, tile_epilogue);
                continue;
            }
            let packed = pack(level, b.part(first, 0), [depth, n], 0..n);
            partition(level, [m, depth, n], a.part(0, first), &packed, c, |_, a, c| {
                multiply_packed_at(level, a, &packed, c, tile_epilogue);
            });
        }
    }
}

/// The block of k that is packed at a time: all of it, unless k is so much larger than m that each panel is used only a
/// few times, as in the gradients of weights. Then the panels of a block stay in a cache until they are used. That is for
/// an `a` with contiguous columns; with contiguous rows m is the batch size, on which the order of a sum must not depend.
fn block_k([m, k, n]: [usize; 3], a: Matrix<'_, f32>) -> usize {
    if m * n <= CACHED && a.strides[1] != 1 { k.div_ceil(k.div_ceil(CACHED / n)) } else { k }
}

/// The size of a work item, an equal number for each core: whole tiles, unless one core would then have more to do than
/// another.
fn part(level: Level, [m, k, n]: [usize; 3]) -> [usize; 3] {
    let [tile, _] = tile_at(level);
    let most = (BLOCK / n).clamp(tile, BLOCK_M);
    let even = m.div_ceil(m.div_ceil(most * cores()) * cores());
    let whole = even.next_multiple_of(tile).min(BLOCK_M);
    let rows_of_a_core = |rows: usize| m.div_ceil(rows).div_ceil(cores()) * rows;
    let rows = if rows_of_a_core(whole) > rows_of_a_core(even) * 33 / 32 { even } else { whole };
    [rows, k, n]
}

/// The columns for each core, if it pays that each packs its own: a panel that another core has just written is slow to
/// read. But each core then packs all rows of `a`, which is little beside many columns; for a large k nothing was gained.
fn columns_of_a_core(level: Level, [_, k, n]: [usize; 3]) -> Option<usize> {
    const MIN_COLUMNS: usize = 256;
    const MAX_K: usize = 1024;
    let ([_, width], cores) = (tile_at(level), cores());
    let columns = n.div_ceil(width).div_ceil(cores) * width;
    let even = columns * cores <= n + n / 32;
    (cores > 1 && even && columns >= MIN_COLUMNS && k <= MAX_K).then_some(columns)
}

/// The product with the epilogue; each core packs and multiplies its own columns.
fn multiply_columns(
    level: Level,
    [m, k, n]: [usize; 3],
    columns: usize,
    a: Matrix<'_, f32>,
    b: Matrix<'_, f32>,
    c: &mut [f32],
    tile_epilogue: TileEpilogue<'_>,
) {
    for_each_columns(c, n, 0..n, columns, product_work([m, k, columns]), |mut c| {
        let packed = pack(level, b, [k, n], c.columns());
        multiply_packed_at(level, a, &packed, &mut c, tile_epilogue);
    });
}

/// Partitions a product: calls `f` with the first row, the rows of `a` and the columns of `c` of each work item. With
/// many rows an item is a block of rows. With few rows it is a block of columns, so that each core reads only its part of
/// `b` from memory.
fn partition(
    level: Level,
    [m, k, n]: [usize; 3],
    a: Matrix<'_, f32>,
    b: &PackedMatrix,
    c: &mut [f32],
    f: impl Fn(usize, Matrix<'_, f32>, &mut ColumnsMut<'_, f32>) + Sync,
) {
    let panels = b.columns.len().div_ceil(b.width);
    if m <= BLOCK_M && 1 < cores() && cores() <= panels {
        let columns = panels.div_ceil(CHUNKS_PER_CORE * cores()) * b.width;
        let work = product_work([m, k, columns]);
        return for_each_columns(c, n, b.columns.clone(), columns, work, |mut c| f(0, a, &mut c));
    }
    partition_rows(part(level, [m, k, n]), a, c, |row, a, c| f(row, a, &mut ColumnsMut::new(c, n, b.columns.clone())));
}

/// A function that multiplies rows by `b (k, n)`, which is packed once, into the rows of a result of `m` rows.
///
/// # Panics
/// The matrix does not lie inside its slice, or has no rows or columns.
pub fn multiplier<'a>([m, k, n]: [usize; 3], b: Matrix<'a, f32>) -> Multiplier<'a, f32> {
    assert!(k > 0 && n > 0 && b.lies_inside([k, n]), "a buffer ends before its matrix");
    let level = level();
    if m <= FEW_ROWS || k * n <= SMALL {
        return Box::new(move |a, out| multiply_at(level, [out.len() / n, k, n], a, b, out));
    }
    let packed = pack(level, b, [k, n], 0..n);
    Box::new(move |a, out| {
        assert!(out.is_empty() || a.lies_inside([out.len() / n, k]), "a buffer ends before its matrix");
        if !out.is_empty() {
            multiply_packed_at(level, a, &packed, &mut ColumnsMut::new(out, n, 0..n), TileEpilogue::default());
        }
    })
}

/// The product of few rows and a large `b` with contiguous rows or columns.
fn multiply_few_rows(level: Level, [_, k, n]: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32]) {
    /// The fewest columns of a work item.
    const COLUMNS: usize = 256;
    // Contiguous rows are read in long runs: smaller items would make the access to memory irregular.
    let parts = if b.strides[1] == 1 { 1 } else { 4 };
    let columns = n.div_ceil(parts * cores()).next_multiple_of(COLUMNS);
    // It is bound by memory bandwidth, whatever the number of rows.
    for_each_columns(c, n, 0..n, columns, columns * k, |mut c| multiply_few_rows_at(level, k, a, b, &mut c));
}

/// As [`advise_huge_pages`], if the weight is about to be multiplied by few rows.
#[inline]
pub fn prepare<T: Copy>([m, k, n]: [usize; 3], weight: &Weight<'_, T>) {
    if m <= FEW_ROWS {
        advise_huge_pages(weight, [k, n]);
    }
}

fn finish(epilogue: Epilogue<'_, [f32]>, columns: usize, first: usize, out: &mut [f32]) {
    apply(epilogue, columns, first, out, unary, binary);
}

/// `x (m, k)` times `weight (k, n)`, and the epilogue, into the row-major `out`.
///
/// # Panics
/// A matrix does not lie inside its slice.
pub fn linear(
    size: [usize; 3],
    x: Matrix<'_, f32>,
    weight: Weight<'_, f32>,
    epilogue: Epilogue<'_, [f32]>,
    out: &mut [f32],
) {
    linear_at(level(), size, x, weight, epilogue, out);
}

pub fn linear_at(
    level: Level,
    size: [usize; 3],
    x: Matrix<'_, f32>,
    weight: Weight<'_, f32>,
    epilogue: Epilogue<'_, [f32]>,
    out: &mut [f32],
) {
    let [m, k, n] = size;
    if !is_nonempty_product(size, x, weight.matrix, out) {
        out.fill(0.0);
        return finish(epilogue, n, 0, out);
    }
    match packed_weight(level, &weight, [k, n]) {
        Some(packed) => multiply_epilogue(level, size, x, &packed, epilogue, out),
        None if m <= FEW_ROWS && weight.matrix.strides.contains(&1) => {
            multiply_few_rows(level, size, x, weight.matrix, out);
            finish(epilogue, n, 0, out);
        }
        None => multiply_epilogue(level, size, x, &pack(level, weight.matrix, [k, n], 0..n), epilogue, out),
    }
}

/// The product with a packed matrix, and the epilogue.
fn multiply_epilogue(
    level: Level,
    size: [usize; 3],
    x: Matrix<'_, f32>,
    packed: &PackedMatrix,
    epilogue: Epilogue<'_, [f32]>,
    out: &mut [f32],
) {
    let n = size[2];
    partition(level, size, x, packed, out, |first_row, x, out| {
        let first = first_row * n;
        let elements: usize = out.size().into_iter().product();
        let residual = epilogue.residual.map(|residual| &residual[first..first + elements]);
        // An activation stands between the bias and the residual.
        let late = epilogue.activation.is_some();
        let tile_epilogue =
            TileEpilogue { bias: epilogue.bias, residual: residual.filter(|_| !late), accumulate: false };
        multiply_packed_at(level, x, packed, out, tile_epilogue);
        if late {
            out.for_each_part(|at, out| finish(Epilogue { bias: None, ..epilogue }, n, first + at, out));
        }
    });
}

/// With so many rows or fewer, a quantised weight is dequantised in registers.
const MAX_ROWS_OF_BLOCKS: usize = 24;
/// The outputs of a work item are a multiple of this.
const OUTPUTS: usize = 16;
/// The elements of a quantised weight that are dequantised at a time, and the elements of `x` that they are multiplied
/// with: both stay in the L2 cache.
const DEQUANTISED: usize = 1 << 16;

/// `x (m, k)` times the transpose of `rows (n, k)`, and the epilogue, into the row-major `out`.
///
/// # Panics
/// A matrix does not lie inside its slice.
pub fn linear_blocks(x: Matrix<'_, f32>, m: usize, rows: Rows<'_>, epilogue: Epilogue<'_, [f32]>, out: &mut [f32]) {
    linear_blocks_at(level(), x, m, rows, epilogue, out);
}

pub fn linear_blocks_at(
    level: Level,
    x: Matrix<'_, f32>,
    m: usize,
    rows: Rows<'_>,
    epilogue: Epilogue<'_, [f32]>,
    out: &mut [f32],
) {
    let [n, k] = rows.size;
    assert_eq!(Some(out.len()), m.checked_mul(n), "a product as large as its result");
    if out.is_empty() || k == 0 {
        out.fill(0.0);
        return finish(epilogue, n, 0, out);
    }
    let x = x.cut([m, k]);
    let x = match x.strides {
        [stride, 1] if stride == k || m == 1 => Cow::Borrowed(&x.elements[..m * k]),
        [stride, inner_stride] => (0..m * k).map(|at| x.elements[at / k * stride + at % k * inner_stride]).collect(),
    };
    let outputs = n.div_ceil(4 * cores()).next_multiple_of(OUTPUTS);
    #[cfg(any(feature = "gguf", test))]
    let rounded = Activations::new(level, &x, m, rows);
    for_each_columns(out, n, 0..n, outputs, outputs * k * m, |mut out| {
        let columns = out.columns();
        #[cfg(any(feature = "gguf", test))]
        if let Some(rounded) = &rounded {
            let rows = rows.part(columns.clone());
            integers::multiply(rounded, rows, &mut out);
            for row in (0..m).filter(|&row| !rounded.is_rounded(row)) {
                dot_at(level, &x[row * k..][..k], rows, out.row(row, columns.clone()));
            }
            return;
        }
        if m == 1 {
            return dot_at(level, &x, rows.part(columns.clone()), out.row(0, columns));
        }
        // For many rows, the weight is dequantised once.
        let dequantise = m > MAX_ROWS_OF_BLOCKS;
        let at_once = if dequantise { (DEQUANTISED / k).clamp(OUTPUTS, outputs) } else { outputs };
        let rows_at_once = if dequantise { (2 * DEQUANTISED / k).clamp(OUTPUTS, m) } else { m };
        let mut numbers = dequantise.then(|| Elements::arbitrary(at_once * k));
        let mut transposed = Elements::arbitrary(at_once * rows_at_once);
        let transposed = transposed.get_mut().expect("new elements have one holder");
        for first in columns.clone().step_by(at_once) {
            let columns = first..columns.end.min(first + at_once);
            let rows = rows.part(columns.clone());
            let numbers = numbers.as_mut().map(|numbers| {
                let numbers = &mut numbers.get_mut().expect("new elements have one holder")[..columns.len() * k];
                unpack_at(level, rows, numbers);
                &*numbers
            });
            for (part, x) in x.chunks(rows_at_once * k).enumerate() {
                let count = x.len() / k;
                let transposed = &mut transposed[..columns.len() * count];
                match numbers {
                    Some(numbers) => dot_blocks::<F32>(level, x, k, numbers.as_bytes(), transposed),
                    None => dot_at(level, x, rows, transposed),
                }
                for row in 0..count {
                    let out = out.row(part * rows_at_once + row, columns.clone());
                    out.iter_mut().zip(transposed.chunks_exact(count)).for_each(|(out, of_all)| *out = of_all[row]);
                }
            }
        }
    });
    finish(epilogue, n, 0, out);
}
