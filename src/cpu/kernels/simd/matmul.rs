//! Matrix products: the choice of the kernel, and the partition among the cores.

use super::block_sizes::BLOCK_M;
use super::blocked::{Factor, multiply_packed, widened_rows};
use super::dispatch::{multiply_small_at, multiply_vector_at, rows_at, tile_at};
use super::elementwise;
use super::few_rows::FEW_ROWS;
use super::gemm::TileEpilogue;
use super::level::{Level, level};
use super::packed_matrix::PackedMatrix;
use super::weight_cache::{advise_huge_pages, pack, packed_weight};
use super::wide_number::{Wide, room};
use crate::backend::{Binary, Epilogue, Number, Unary};
use crate::cpu::kernels::cast::cast;
use crate::cpu::kernels::epilogue::finish as apply;
use crate::cpu::kernels::in_out::{InOut, Operand};
use crate::cpu::kernels::matrix::{Matrix, Multiplier, Weight, is_nonempty_product, partition_rows, product_work};
use crate::cpu::kernels::plain;
use crate::cpu::kernels::wide::{all_widened, is_wide, round, widen_all, write};
use crate::cpu::memory::Elements;
use crate::cpu::parallel::{ColumnsMut, cores, for_each_chunk, for_each_columns};
use half::{bf16, f16};
use std::sync::Arc;

/// A matrix of so many elements or fewer stays in the L1 and L2 caches: it is not packed, but its rows are made
/// contiguous.
const SMALL: usize = 1 << 12;
/// A vector of so many elements or more is multiplied as few rows are.
const LONG: usize = 64;
/// The elements of a work item: the epilogue runs while they are in the L2 cache.
const BLOCK: usize = 1 << 17;

/// Work items for each core, where the product is partitioned by columns.
const CHUNKS_PER_CORE: usize = 2;

/// So many elements nearly fill the L2 cache.
const CACHED: usize = 1 << 18;

/// What follows a product of numbers `T`.
#[derive(Clone, Copy)]
struct After<'a, T: Factor> {
    /// Of the columns.
    bias: Option<&'a [T::Wide]>,
    activation: Option<Unary>,
    /// Row-major, as the whole result.
    residual: Option<&'a [T]>,
    /// Whether the product is added to what is there; of wide numbers only.
    accumulate: bool,
}

impl<T: Factor> After<'_, T> {
    const NOTHING: Self = After { bias: None, activation: None, residual: None, accumulate: false };
}

/// The products of a type, at the level that this processor has. They are no generic functions, which the compiler would make
/// again for each program, with all kernels.
pub trait Products: Factor {
    /// The product of `a (m, k)` and `b (k, n)`, into the row-major `c (m, n)`.
    ///
    /// # Panics
    /// A matrix does not lie inside its slice.
    fn multiply(size: [usize; 3], a: Matrix<'_, Self>, b: Matrix<'_, Self>, c: &mut [Self]);
    /// `x (m, k)` times `weight (k, n)`, and the epilogue, into the row-major `out`.
    ///
    /// # Panics
    /// A matrix does not lie inside its slice.
    fn linear(
        size: [usize; 3],
        x: Matrix<'_, Self>,
        weight: Weight<'_, Self>,
        epilogue: Epilogue<'_, [Self]>,
        out: &mut [Self],
    );
    /// A function that multiplies rows by `b (k, n)`, which is packed once, into the rows of a result of `m` rows.
    ///
    /// # Panics
    /// The matrix does not lie inside its slice, or has no rows or columns.
    fn multiplier<'a>(size: [usize; 3], b: Matrix<'a, Self>) -> Multiplier<'a, Self>;
}

macro_rules! products { ($($t:ident)*) => {$(
    impl Products for $t {
        fn multiply(size: [usize; 3], a: Matrix<'_, $t>, b: Matrix<'_, $t>, c: &mut [$t]) {
            multiply_at(level(), size, a, b, c);
        }
        fn linear(
            size: [usize; 3],
            x: Matrix<'_, $t>,
            weight: Weight<'_, $t>,
            epilogue: Epilogue<'_, [$t]>,
            out: &mut [$t],
        ) {
            linear_at(level(), size, x, weight, epilogue, out);
        }
        fn multiplier<'a>(size: [usize; 3], b: Matrix<'a, $t>) -> Multiplier<'a, $t> {
            multiplier_at(level(), size, b)
        }
    }
)*} }
products! { f32 f64 f16 bf16 }

#[inline]
pub fn multiply_at<T: Factor>(level: Level, size: [usize; 3], a: Matrix<'_, T>, b: Matrix<'_, T>, c: &mut [T]) {
    if !is_nonempty_product(size, a, b, c) {
        return c.fill(T::zero());
    }
    let [m, k, n] = size;
    // The choice must not depend on the number of rows: the kernels sum in different orders.
    if n == 1 && k >= LONG && a.strides[1] == 1 {
        multiply_vector(level, [m, k], a, b, c);
    } else if k * n <= SMALL {
        multiply_small(level, size, a, b, c);
    } else if m <= FEW_ROWS && b.strides.contains(&1) {
        write(c, |c| multiply_few_rows(level, size, a, b, c));
    } else {
        let block = block_k(size, a);
        for first in (0..k).step_by(block) {
            let depth = block.min(k - first);
            let after = After { accumulate: first > 0, ..After::NOTHING };
            let (size, a, b) = ([m, depth, n], a.part(0, first), b.part(first, 0));
            if let Some(columns) = columns_of_a_core::<T>(level, size) {
                for_each_columns(c, n, 0..n, columns, product_work([m, depth, columns]), |c| {
                    let packed = pack(level, b, [depth, n], c.columns());
                    multiply_part(level, a, &packed, c, 0, after);
                });
                continue;
            }
            let packed = pack(level, b, [depth, n], 0..n);
            partition(level, size, a, &packed, c, |row, a, c| multiply_part(level, a, &packed, c, row, after));
        }
    }
}

/// The product of rows that lie together and a vector.
fn multiply_vector<T: Factor>(level: Level, [m, k]: [usize; 2], a: Matrix<'_, T>, x: Matrix<'_, T>, c: &mut [T]) {
    match cast::<f32, _>((a, x, c)) {
        Ok((a, x, c)) => {
            let gathered: Vec<f32>;
            let x = if x.strides[0] == 1 {
                &x.elements[..k]
            } else {
                gathered = (0..k).map(|row| x.elements[row * x.strides[0]]).collect();
                &gathered
            };
            let rows = few_rows_part(m, 4);
            for_each_chunk(c, rows, rows * k, |part, c| multiply_vector_at(level, a.part(part * rows, 0), x, c));
        }
        // It is that vector times the transpose, whose columns are contiguous.
        Err((a, x, c)) => write(c, |c| multiply_few_rows(level, [1, k, m], x.transposed(), a.transposed(), c)),
    }
}

/// The product with a small matrix.
#[inline]
fn multiply_small<T: Factor>(level: Level, size: [usize; 3], a: Matrix<'_, T>, b: Matrix<'_, T>, c: &mut [T]) {
    /// The most numbers that are widened at a time.
    const WIDENED: usize = 1 << 14;
    let [m, k, n] = size;
    let (a, b) = match cast::<T::Wide, _>((a, b)) {
        Ok((a, b)) => {
            return with_rows(level, b, [k, n], |b| write(c, |c| multiply_small_at(level, size, a, b, c)));
        }
        Err(narrow) => narrow,
    };
    let (mut wide_a, mut wide_b) = (None, None);
    let at_once = (WIDENED / k.max(n)).clamp(1, m);
    with_rows(level, widened_rows(b, [k, n], || room(&mut wide_b, k * n)), [k, n], |b| {
        for (part, c) in c.chunks_mut(at_once * n).enumerate() {
            let rows = c.len() / n;
            let a = widened_rows(a.part(part * at_once, 0), [rows, k], || room(&mut wide_a, at_once * k));
            write(c, |c| multiply_small_at(level, [rows, k, n], a, b, c));
        }
    });
}

/// Calls `f` with a small matrix whose rows lie together.
#[inline]
fn with_rows<S: Wide>(level: Level, b: Matrix<'_, S>, size: [usize; 2], f: impl FnOnce(Matrix<'_, S>)) {
    if b.strides[1] == 1 {
        return f(b);
    }
    let mut rows = Elements::arbitrary(size[0] * size[1]);
    rows_at(level, b, size, rows.get_mut().expect("new elements have one holder"));
    f(Matrix { elements: rows.as_slice(), strides: [size[1], 1] });
}

/// The block of k that is packed at a time: all of it, unless k is so much larger than m that each panel is used only a
/// few times, as in the gradients of weights. Then the panels of a block stay in a cache until they are used. That is for
/// an `a` with contiguous columns; with contiguous rows m is the batch size, on which the order of a sum must not depend.
/// Sums of narrow numbers are not kept in the result.
fn block_k<T: Factor>([m, k, n]: [usize; 3], a: Matrix<'_, T>) -> usize {
    let in_blocks = m * n <= CACHED && a.strides[1] != 1 && is_wide::<T>();
    if in_blocks { k.div_ceil(k.div_ceil(CACHED / n)) } else { k }
}

/// The size of a work item, an equal number for each core: whole tiles, unless one core would then have more to do than
/// another.
fn part<S: Wide>(level: Level, [m, k, n]: [usize; 3]) -> [usize; 3] {
    let [tile, _] = tile_at::<S>(level);
    let most = (BLOCK / n).clamp(tile, BLOCK_M);
    let even = m.div_ceil(m.div_ceil(most * cores()) * cores());
    let whole = even.next_multiple_of(tile).min(BLOCK_M);
    let rows_of_a_core = |rows: usize| m.div_ceil(rows).div_ceil(cores()) * rows;
    let rows = if rows_of_a_core(whole) > rows_of_a_core(even) * 33 / 32 { even } else { whole };
    [rows, k, n]
}

/// The columns for each core, if it pays that each packs its own: a panel that another core has just written is slow to
/// read. But each core then packs all rows of `a`, which is little beside many columns; for a large k nothing was gained.
/// Narrow numbers are widened for each block of rows anyway.
fn columns_of_a_core<T: Factor>(level: Level, [_, k, n]: [usize; 3]) -> Option<usize> {
    const MIN_COLUMNS: usize = 256;
    const MAX_K: usize = 1024;
    let ([_, width], cores) = (tile_at::<T::Wide>(level), cores());
    let columns = n.div_ceil(width).div_ceil(cores) * width;
    let even = columns * cores <= n + n / 32;
    (cores > 1 && even && columns >= MIN_COLUMNS && k <= MAX_K && is_wide::<T>()).then_some(columns)
}

/// Partitions a product: calls `f` with the first row, the rows of `a` and the columns of `c` of each work item. With
/// many rows an item is a block of rows. With few rows it is a block of columns, so that each core reads only its part of
/// `b` from memory.
fn partition<T: Factor>(
    level: Level,
    [m, k, n]: [usize; 3],
    a: Matrix<'_, T>,
    b: &PackedMatrix<T>,
    c: &mut [T],
    f: impl Fn(usize, Matrix<'_, T>, ColumnsMut<'_, T>) + Sync,
) {
    let panels = b.columns.len().div_ceil(b.width);
    if m <= BLOCK_M && 1 < cores() && cores() <= panels {
        let columns = panels.div_ceil(CHUNKS_PER_CORE * cores()) * b.width;
        let work = product_work([m, k, columns]);
        return for_each_columns(c, n, b.columns.clone(), columns, work, |c| f(0, a, c));
    }
    let part = part::<T::Wide>(level, [m, k, n]);
    partition_rows(part, a, c, |row, a, c| f(row, a, ColumnsMut::new(c, n, b.columns.clone())));
}

/// The product with a packed matrix and what follows it, into rows from this one on of the whole result, or some columns of
/// them.
fn multiply_part<T: Factor>(
    level: Level,
    a: Matrix<'_, T>,
    b: &PackedMatrix<T>,
    c: ColumnsMut<'_, T>,
    first_row: usize,
    after: After<'_, T>,
) {
    let ([m, n], columns, bias) = (c.size(), c.columns(), after.bias);
    let first = first_row * n;
    let (mut c, residual) = match cast::<T::Wide, _>((c, after.residual)) {
        Ok((mut c, residual)) => {
            // An activation stands between the bias and the residual.
            let late = after.activation.is_some();
            let early = residual.filter(|_| !late).map(|residual| &residual[first..first + m * n]);
            let in_tiles = TileEpilogue { bias, residual: early, accumulate: after.accumulate };
            multiply_packed(level, a, b, &mut c, 0, in_tiles);
            if late {
                let epilogue = Epilogue { bias: None, activation: after.activation, residual };
                c.for_each_part(|at, out| finish(epilogue, n, first + at, out));
            }
            return;
        }
        Err(narrow) => narrow,
    };
    assert!(!after.accumulate, "sums are kept in wide numbers");
    let at_once = (BLOCK / m / b.width * b.width).clamp(b.width, columns.len().next_multiple_of(b.width));
    let mut room = Elements::arbitrary(m * at_once.min(columns.len()));
    let mut addends = Elements::arbitrary(if residual.is_some() { at_once } else { 0 });
    for start in columns.clone().step_by(at_once) {
        let part = start..columns.end.min(start + at_once);
        let width = part.len();
        let wide = &mut room.get_mut().expect("new elements have one holder")[..m * width];
        let bias = bias.map(|bias| &bias[part.clone()]);
        let in_tiles = TileEpilogue { bias, ..TileEpilogue::NONE };
        multiply_packed(level, a, b, &mut ColumnsMut::new(wide, width, 0..width), start, in_tiles);
        if let Some(op) = after.activation {
            unary(op, InOut::in_place(wide));
        }
        for (row, sums) in wide.chunks_exact_mut(width).enumerate() {
            if let Some(residual) = residual {
                let addends = &mut addends.get_mut().expect("new elements have one holder")[..width];
                widen_all(&residual[first + row * n + start..][..width], addends);
                sums.iter_mut().zip(&*addends).for_each(|(sum, addend)| *sum += *addend);
            }
            round(sums, c.row(row, part.clone()));
        }
    }
}

/// As [`Products::multiplier`].
fn multiplier_at<'a, T: Factor>(level: Level, [m, k, n]: [usize; 3], b: Matrix<'a, T>) -> Multiplier<'a, T> {
    assert!(k > 0 && n > 0 && b.lies_inside([k, n]), "a buffer ends before its matrix");
    if m <= FEW_ROWS || k * n <= SMALL {
        return Box::new(move |a, out| multiply_at(level, [out.len() / n, k, n], a, b, out));
    }
    let packed = pack(level, b, [k, n], 0..n);
    Box::new(move |a, out| {
        if !out.is_empty() {
            multiply_part(level, a, &packed, ColumnsMut::new(out, n, 0..n), 0, After::NOTHING);
        }
    })
}

/// The columns of a work item, of which each core has so many.
fn few_rows_part(columns: usize, parts: usize) -> usize {
    /// The fewest.
    const COLUMNS: usize = 256;
    columns.div_ceil(parts * cores()).next_multiple_of(COLUMNS)
}

/// The product of few rows and a large `b` with contiguous rows or columns.
fn multiply_few_rows<T: Factor>(
    level: Level,
    [_, k, n]: [usize; 3],
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    c: &mut [T::Wide],
) {
    // Contiguous rows are read in long runs: smaller items would make the access to memory irregular.
    let parts = if b.strides[1] == 1 { 1 } else { 4 };
    let columns = few_rows_part(n, parts);
    // It is bound by memory bandwidth, whatever the number of rows.
    for_each_columns(c, n, 0..n, columns, columns * k, |mut c| T::multiply_few_rows(level, k, a, b, &mut c));
}

/// As [`advise_huge_pages`], if the weight is about to be multiplied by few rows.
#[inline]
pub fn prepare<T: Number>([m, k, n]: [usize; 3], weight: &Weight<'_, T>) {
    if m <= FEW_ROWS {
        advise_huge_pages(weight, [k, n]);
    }
}

/// `op` on each number.
fn unary<S: Wide>(op: Unary, x: InOut<'_, S>) {
    match cast::<f32, _>(x) {
        Ok(x) => elementwise::unary(op, x),
        Err(x) => plain::unary(op, x),
    }
}

/// `op` on each number and the operand; in the other order, if they are swapped.
fn binary<S: Wide>(op: Binary, x: InOut<'_, S>, y: Operand<'_, S>, swapped: bool) {
    match cast::<f32, _>((x, y)) {
        Ok((x, y)) => elementwise::binary(op, x, y, swapped),
        Err((x, y)) => plain::binary(op, x, y, swapped),
    }
}

fn finish<S: Wide>(epilogue: Epilogue<'_, [S]>, columns: usize, first: usize, out: &mut [S]) {
    apply(epilogue, columns, first, out, unary, binary);
}

/// As [`Products::linear`].
pub fn linear_at<T: Factor>(
    level: Level,
    size: [usize; 3],
    x: Matrix<'_, T>,
    weight: Weight<'_, T>,
    epilogue: Epilogue<'_, [T]>,
    out: &mut [T],
) {
    let ([m, k, n], bias) = (size, epilogue.bias.map(all_widened));
    let (bias, activation) = (bias.as_deref(), epilogue.activation);
    let finish_all = |out: &mut [T::Wide]| {
        let residual = epilogue.residual.map(all_widened);
        finish(Epilogue { bias, activation, residual: residual.as_deref() }, n, 0, out);
    };
    if !is_nonempty_product(size, x, weight.matrix, out) {
        return write(out, |out| {
            out.fill(num_traits::zero());
            finish_all(out);
        });
    }
    let few = m <= FEW_ROWS && weight.matrix.strides.contains(&1);
    // Packed it would be no faster, and would be there twice.
    let in_place = few && !T::packs_for_few_rows(level);
    if in_place {
        advise_huge_pages(&weight, [k, n]);
    }
    let packed = if in_place { None } else { packed_weight(level, &weight, [k, n]) };
    if packed.is_none() && few {
        return write(out, |out| {
            multiply_few_rows(level, size, x, weight.matrix, out);
            finish_all(out);
        });
    }
    let packed = packed.unwrap_or_else(|| Arc::new(pack(level, weight.matrix, [k, n], 0..n)));
    let after = After { bias, activation, residual: epilogue.residual, accumulate: false };
    partition(level, size, x, &packed, out, |row, x, out| multiply_part(level, x, &packed, out, row, after));
}
