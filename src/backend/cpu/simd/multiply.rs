//! Products of matrices: which kernel takes one, and how the cores share it.

use super::kept::{packed, stream};
use super::pack::Packed;
use super::product::{Addends, ROWS};
use super::{
    Level, add_products_at, add_rows_at, dot_at, dot_rows_at, level, multiply_packed_at, multiply_small_at, panel_at,
    rows_at, tile_at,
};
use crate::backend::Epilogue;
use crate::backend::cpu::Terms;
use crate::backend::cpu::blocks::Rows;
use crate::backend::cpu::matmul::{Matrix, Multiplier, Weight, finish, has_terms, product_work, share_rows};
use crate::backend::cpu::memory::Elements;
use crate::backend::cpu::parallel::{cores, for_each_chunk};
use crate::backend::cpu::place::{Place, for_each_columns};
use std::borrow::Cow;

/// With so many rows or fewer, a matrix is read from memory for little else: it is not packed.
const FEW_ROWS: usize = 4;
/// A matrix of so many elements or fewer stays in the first caches: it is not packed, but its rows are brought together.
const SMALL: usize = 1 << 12;
/// The elements of the result that one core takes at a time: what it does to them afterwards, it does in the second cache.
const BLOCK: usize = 1 << 17;

/// How many parts of the columns each core takes, if it does not take rows.
const PIECES: usize = 2;

/// So many elements stay in the second cache beside others, or nearly.
const CACHED: usize = 1 << 18;

/// The product of `a (m, k)` and `b (k, n)`, into the row-major `c (m, n)`.
///
/// # Panics
/// A matrix does not lie inside its slice.
pub fn multiply(size: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32]) {
    multiply_at(level(), size, a, b, c);
}

pub(super) fn multiply_at(level: Level, size: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32]) {
    if !has_terms(size, a, b, c) {
        return c.fill(0.0);
    }
    let [m, k, n] = size;
    if k * n <= SMALL && b.strides[1] == 1 {
        multiply_small_at(level, size, a, b, c);
    } else if m <= FEW_ROWS && (b.strides[0] == 1 || b.strides[1] == 1) {
        multiply_few_rows(level, size, a, b, c);
    } else if k * n <= SMALL {
        let mut rows = Elements::any(k * n);
        rows_at(level, b, [k, n], rows.get_mut().expect("new elements have one holder"));
        multiply_small_at(level, size, a, Matrix { elements: rows.as_slice(), strides: [n, 1] }, c);
    } else {
        let terms = terms(size, a);
        for first in (0..k).step_by(terms) {
            let terms = terms.min(k - first);
            let addends = Addends { onto: first > 0, ..Addends::default() };
            if let Some(columns) = columns_of_a_core(level, [m, terms, n]) {
                multiply_columns(level, [m, terms, n], columns, a.part(0, first), b.part(first, 0), c, addends);
                continue;
            }
            let packed = Packed::new(level, b.part(first, 0), [terms, n], 0..n);
            share(level, [m, terms, n], a.part(0, first), &packed, c, |_, a, c| {
                multiply_packed_at(level, a, &packed, c, addends);
            });
        }
    }
}

/// How many terms are packed at a time. All of them, unless there are so many more of them than rows that `b` is read for
/// little else, as in the gradients of weights: then so many that their panels are still in a cache when they are needed. There
/// the columns of `a` lie together. Where rows do, a batch has as many as it likes: no row is to be summed otherwise for that.
fn terms([m, k, n]: [usize; 3], a: Matrix<'_, f32>) -> usize {
    if m * n <= CACHED && a.strides[1] != 1 { k.div_ceil(k.div_ceil(CACHED / n)) } else { k }
}

/// The size of the parts of a product that the cores take one by one, as many for each of them: of whole tiles, unless one
/// core would then have more to do than another.
fn part(level: Level, [m, k, n]: [usize; 3]) -> [usize; 3] {
    let [tile, _] = tile_at(level);
    let most = (BLOCK / n).clamp(tile, ROWS);
    let even = m.div_ceil(m.div_ceil(most * cores()) * cores());
    let whole = even.next_multiple_of(tile).min(ROWS);
    let rows_of_a_core = |rows: usize| m.div_ceil(rows).div_ceil(cores()) * rows;
    let rows = if rows_of_a_core(whole) > rows_of_a_core(even) * 33 / 32 { even } else { whole };
    [rows, k, n]
}

/// So many columns for each core that each packs its own, if that pays: what one has just written, another waits for. But
/// each packs all rows of `a` then, which is little beside many columns; and of many terms, it has gained nothing.
fn columns_of_a_core(level: Level, [_, k, n]: [usize; 3]) -> Option<usize> {
    const FEWEST: usize = 256;
    const MOST_TERMS: usize = 1024;
    let ([_, width], cores) = (tile_at(level), cores());
    let columns = n.div_ceil(width).div_ceil(cores) * width;
    let even = columns * cores <= n + n / 32;
    (cores > 1 && even && columns >= FEWEST && k <= MOST_TERMS).then_some(columns)
}

/// The product and the addends, so many columns by each core, which packs them.
fn multiply_columns(
    level: Level,
    [m, k, n]: [usize; 3],
    columns: usize,
    a: Matrix<'_, f32>,
    b: Matrix<'_, f32>,
    c: &mut [f32],
    addends: Addends<'_>,
) {
    for_each_columns(c, n, 0..n, columns, product_work([m, k, columns]), |mut c| {
        let packed = Packed::new(level, b, [k, n], c.columns());
        multiply_packed_at(level, a, &packed, &mut c, addends);
    });
}

/// `f` of the first row, the rows of `a` and the place in the product of every part, shared by the cores. There are whole rows
/// in a part where there are many of them. Of few rows it has some columns: so each core reads its own part of `b`, which
/// comes from memory, and not each the whole.
fn share(
    level: Level,
    [m, k, n]: [usize; 3],
    a: Matrix<'_, f32>,
    b: &Packed,
    c: &mut [f32],
    f: impl Fn(usize, Matrix<'_, f32>, &mut Place<'_, f32>) + Sync,
) {
    let panels = b.columns.len().div_ceil(b.width);
    if m <= ROWS && 1 < cores() && cores() <= panels {
        let columns = panels.div_ceil(PIECES * cores()) * b.width;
        let work = product_work([m, k, columns]);
        return for_each_columns(c, n, b.columns.clone(), columns, work, |mut c| f(0, a, &mut c));
    }
    share_rows(part(level, [m, k, n]), a, c, |row, a, c| f(row, a, &mut Place::new(c, n, b.columns.clone())));
}

/// What multiplies rows by `b (k, n)`, which is packed once, into the row-major rows of a result, of which there are `m`.
///
/// # Panics
/// The matrix does not lie inside its slice, or has no rows or columns.
pub fn multiplier<'a>([m, k, n]: [usize; 3], b: Matrix<'a, f32>) -> Multiplier<'a, f32> {
    assert!(k > 0 && n > 0 && b.lies_inside([k, n]), "a buffer ends before its matrix");
    let level = level();
    if m <= FEW_ROWS || k * n <= SMALL {
        return Box::new(move |a, out| multiply_at(level, [out.len() / n, k, n], a, b, out));
    }
    let packed = Packed::new(level, b, [k, n], 0..n);
    Box::new(move |a, out| {
        assert!(out.is_empty() || a.lies_inside([out.len() / n, k]), "a buffer ends before its matrix");
        if !out.is_empty() {
            multiply_packed_at(level, a, &packed, &mut Place::new(out, n, 0..n), Addends::default());
        }
    })
}

/// A core takes no fewer columns than this at a time.
const COLUMNS: usize = 256;

/// The product with a large `b` whose rows or columns lie together.
fn multiply_few_rows(level: Level, [m, k, n]: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32]) {
    for (row, c) in c.chunks_mut(n).enumerate().take(m) {
        let x = &a.elements[row * a.strides[0]..];
        let x = match a.strides[1] {
            1 => Cow::Borrowed(&x[..k]),
            stride => (0..k).map(|term| x[term * stride]).collect(),
        };
        if b.strides[0] != 1 {
            add_weighted_rows(level, &x, b, c);
            continue;
        }
        let columns = n.div_ceil(4 * cores()).next_multiple_of(COLUMNS);
        for_each_chunk(c, columns, columns * k, |chunk, c| {
            let b = b.part(0, chunk * columns);
            dot_rows_at(level, &x, b.elements, b.strides[1], c);
        });
    }
}

/// The sum of rows of `b` that lie together, each times its element of `x`.
fn add_weighted_rows(level: Level, x: &[f32], b: Matrix<'_, f32>, c: &mut [f32]) {
    /// The rows are read in so many parts, however many cores there are, or in fewer, of so many rows.
    const PARTS: usize = 16;
    const TERMS: usize = 128;
    let (k, n) = (x.len(), c.len());
    let terms = k.div_ceil(PARTS).max(TERMS);
    if k <= terms {
        let columns = n.div_ceil(cores()).next_multiple_of(COLUMNS);
        return for_each_chunk(c, columns, columns * k, |chunk, c| {
            add_products_at(level, x, b.part(0, chunk * columns).elements, b.strides[0], c);
        });
    }
    // A core that took some columns of all rows would read a bit here and a bit there.
    let mut sums = Elements::any(k.div_ceil(terms) * n);
    let room = sums.get_mut().expect("new elements have one holder");
    for_each_chunk(room, n, n * terms, |part, sums| {
        let terms = part * terms..k.min((part + 1) * terms);
        add_products_at(level, &x[terms.clone()], b.part(terms.start, 0).elements, b.strides[0], sums);
    });
    let (first, others) = room.split_at(n);
    c.copy_from_slice(first);
    add_rows_at(level, others, [others.len() / n, n], Terms::Numbers, c);
}

/// As [`stream`], if the weight is about to be multiplied by few rows.
pub fn prepare<T: Copy>([m, k, n]: [usize; 3], weight: &Weight<'_, T>) {
    if m <= FEW_ROWS {
        stream(weight, [k, n]);
    }
}

/// `x (m, k)` times `weight (k, n)`, and the epilogue, into the row-major `out`.
///
/// # Panics
/// A matrix does not lie inside its slice.
pub fn linear(
    size: [usize; 3],
    x: Matrix<'_, f32>,
    weight: Weight<'_, f32>,
    after: Epilogue<'_, [f32]>,
    out: &mut [f32],
) {
    linear_at(level(), size, x, weight, after, out);
}

pub(super) fn linear_at(
    level: Level,
    size: [usize; 3],
    x: Matrix<'_, f32>,
    weight: Weight<'_, f32>,
    after: Epilogue<'_, [f32]>,
    out: &mut [f32],
) {
    let [m, k, n] = size;
    if m <= FEW_ROWS || !has_terms(size, x, weight.matrix, out) {
        stream(&weight, [k, n]);
        multiply_at(level, size, x, weight.matrix, out);
        return finish(after, n, 0, out);
    }
    let packed = packed(level, &weight, [k, n]);
    multiply_finished(level, size, x, &packed, after, out);
}

/// The product with packed columns, and the epilogue.
fn multiply_finished(
    level: Level,
    size: [usize; 3],
    x: Matrix<'_, f32>,
    packed: &Packed,
    after: Epilogue<'_, [f32]>,
    out: &mut [f32],
) {
    let n = size[2];
    share(level, size, x, packed, out, |first_row, x, out| {
        let first = first_row * n;
        let elements: usize = out.size().into_iter().product();
        let residual = after.residual.map(|residual| &residual[first..first + elements]);
        // An activation stands between the bias and the residual.
        let late = after.activation.is_some();
        let addends = Addends { bias: after.bias, residual: residual.filter(|_| !late), onto: false };
        multiply_packed_at(level, x, packed, out, addends);
        if late {
            out.for_each_part(|at, out| finish(Epilogue { bias: None, ..after }, n, first + at, out));
        }
    });
}

/// With so many rows or fewer, weights in blocks are read for each, and not made panels of.
const FEW_ROWS_OF_BLOCKS: usize = 24;
/// A core takes a multiple of so many outputs at a time.
const OUTPUTS: usize = 16;
/// The elements of a weight in blocks that are made panels of at a time: one megabyte, which stays in a cache.
const PANEL_ELEMENTS: usize = 1 << 18;

/// `x (m, k)` times the transpose of `rows (n, k)`, and the epilogue, into the row-major `out`.
///
/// # Panics
/// A matrix does not lie inside its slice.
pub fn linear_blocks(x: Matrix<'_, f32>, m: usize, rows: Rows<'_>, after: Epilogue<'_, [f32]>, out: &mut [f32]) {
    linear_blocks_at(level(), x, m, rows, after, out);
}

pub(super) fn linear_blocks_at(
    level: Level,
    x: Matrix<'_, f32>,
    m: usize,
    rows: Rows<'_>,
    after: Epilogue<'_, [f32]>,
    out: &mut [f32],
) {
    let [n, k] = rows.size;
    assert_eq!(Some(out.len()), m.checked_mul(n), "a product as large as its result");
    if out.is_empty() || k == 0 {
        out.fill(0.0);
        return finish(after, n, 0, out);
    }
    let x = x.cut([m, k]);
    if m <= FEW_ROWS_OF_BLOCKS {
        multiply_few_rows_of_blocks(level, x, m, rows, out);
        return finish(after, n, 0, out);
    }
    let width = tile_at(level)[1];
    let columns = (PANEL_ELEMENTS / k).next_multiple_of(width).max(width);
    for first in (0..n).step_by(columns) {
        let rows = rows.part(first..n.min(first + columns));
        let packed = Packed::of_panels([k, n], first..first + rows.size[0], width, 1, |column, to| {
            let end = rows.size[0].min(column + width);
            panel_at(level, rows.part(column..end), to);
        });
        multiply_finished(level, [m, k, n], x, &packed, after, out);
    }
}

/// The product with rows of blocks, which are read once for all rows of `x`.
fn multiply_few_rows_of_blocks(level: Level, x: Matrix<'_, f32>, m: usize, rows: Rows<'_>, out: &mut [f32]) {
    let [n, k] = rows.size;
    let x = match x.strides {
        [stride, 1] if stride == k || m == 1 => Cow::Borrowed(&x.elements[..m * k]),
        [stride, term] => (0..m * k).map(|at| x.elements[at / k * stride + at % k * term]).collect(),
    };
    let outputs = n.div_ceil(4 * cores()).next_multiple_of(OUTPUTS);
    let multiply = |out: &mut [f32]| {
        for_each_chunk(out, outputs * m, outputs * k * m, |chunk, out| {
            let first = chunk * outputs;
            dot_at(level, &x, rows.part(first..first + out.len() / m), out);
        });
    };
    if m == 1 {
        return multiply(out);
    }
    let mut turned = Elements::any(n * m);
    let room = turned.get_mut().expect("new elements have one holder");
    multiply(room);
    for (row, out) in out.chunks_exact_mut(n).enumerate() {
        out.iter_mut().zip(room.chunks_exact(m)).for_each(|(out, of_all)| *out = of_all[row]);
    }
}
