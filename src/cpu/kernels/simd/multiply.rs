//! Products of matrices: which kernel takes one, and how the cores share it.

use super::dispatch::{dot_packing, multiply_few_rows_at, multiply_packed_at, multiply_small_at, rows_at, tile_at};
use super::elementwise::{binary, unary};
use super::few_rows::FEW_ROWS;
use super::format::Wide;
use super::kept::{kept, pack, stream};
use super::level::{Level, level};
use super::packed::Packed;
use super::product::{Addends, ROWS};
use super::quantised::{dot_at, unpack_at};
use crate::backend::Epilogue;
use crate::cpu::kernels::blocks::Rows;
use crate::cpu::kernels::epilogue;
use crate::cpu::kernels::matrix::{Matrix, Multiplier, Weight, has_terms, product_work, share_rows};
use crate::cpu::memory::Elements;
use crate::cpu::parallel::{Place, cores, for_each_columns};
use std::borrow::Cow;
use zerocopy::IntoBytes;

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

pub fn multiply_at(level: Level, size: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32]) {
    if !has_terms(size, a, b, c) {
        return c.fill(0.0);
    }
    let [m, k, n] = size;
    // Which of the two is not decided by the number of rows: they sum up in different orders.
    if k * n <= SMALL {
        if b.strides[1] == 1 {
            return multiply_small_at(level, size, a, b, c);
        }
        let mut rows = Elements::any(k * n);
        rows_at(level, b, [k, n], rows.get_mut().expect("new elements have one holder"));
        multiply_small_at(level, size, a, Matrix { elements: rows.as_slice(), strides: [n, 1] }, c);
    } else if m <= FEW_ROWS && b.strides.contains(&1) {
        multiply_few_rows(level, size, a, b, c);
    } else {
        let terms = terms(size, a);
        for first in (0..k).step_by(terms) {
            let terms = terms.min(k - first);
            let addends = Addends { onto: first > 0, ..Addends::default() };
            if let Some(columns) = columns_of_a_core(level, [m, terms, n]) {
                multiply_columns(level, [m, terms, n], columns, a.part(0, first), b.part(first, 0), c, addends);
                continue;
            }
            let packed = pack(level, b.part(first, 0), [terms, n], 0..n);
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
        let packed = pack(level, b, [k, n], c.columns());
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
    let packed = pack(level, b, [k, n], 0..n);
    Box::new(move |a, out| {
        assert!(out.is_empty() || a.lies_inside([out.len() / n, k]), "a buffer ends before its matrix");
        if !out.is_empty() {
            multiply_packed_at(level, a, &packed, &mut Place::new(out, n, 0..n), Addends::default());
        }
    })
}

/// The product of few rows with a large `b` whose rows or columns lie together.
fn multiply_few_rows(level: Level, [_, k, n]: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32]) {
    /// A core takes no fewer columns than this at a time.
    const COLUMNS: usize = 256;
    // Rows are read as far as they go: a core that took less of each would read a bit here and a bit there.
    let parts = if b.strides[1] == 1 { 1 } else { 4 };
    let columns = n.div_ceil(parts * cores()).next_multiple_of(COLUMNS);
    // It is memory that is waited for, whatever the number of rows.
    for_each_columns(c, n, 0..n, columns, columns * k, |mut c| multiply_few_rows_at(level, k, a, b, &mut c));
}

/// As [`stream`], if the weight is about to be multiplied by few rows.
#[inline]
pub fn prepare<T: Copy>([m, k, n]: [usize; 3], weight: &Weight<'_, T>) {
    if m <= FEW_ROWS {
        stream(weight, [k, n]);
    }
}

fn finish(after: Epilogue<'_, [f32]>, columns: usize, first: usize, out: &mut [f32]) {
    epilogue::finish(after, columns, first, out, unary, binary);
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

pub fn linear_at(
    level: Level,
    size: [usize; 3],
    x: Matrix<'_, f32>,
    weight: Weight<'_, f32>,
    after: Epilogue<'_, [f32]>,
    out: &mut [f32],
) {
    let [m, k, n] = size;
    if !has_terms(size, x, weight.matrix, out) {
        out.fill(0.0);
        return finish(after, n, 0, out);
    }
    match kept(level, &weight, [k, n]) {
        Some(packed) => multiply_finished(level, size, x, &packed, after, out),
        None if m <= FEW_ROWS && weight.matrix.strides.contains(&1) => {
            multiply_few_rows(level, size, x, weight.matrix, out);
            finish(after, n, 0, out);
        }
        None => multiply_finished(level, size, x, &pack(level, weight.matrix, [k, n], 0..n), after, out),
    }
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

/// With so many rows or fewer, a weight in blocks is not written out as numbers.
const FEW_ROWS_OF_BLOCKS: usize = 24;
/// A core takes a multiple of so many outputs at a time.
const OUTPUTS: usize = 16;
/// The elements of a weight in blocks that are written out at a time, and the elements of `x` that meet these: both stay in
/// the second cache.
const WRITTEN_OUT: usize = 1 << 16;

/// `x (m, k)` times the transpose of `rows (n, k)`, and the epilogue, into the row-major `out`.
///
/// # Panics
/// A matrix does not lie inside its slice.
pub fn linear_blocks(x: Matrix<'_, f32>, m: usize, rows: Rows<'_>, after: Epilogue<'_, [f32]>, out: &mut [f32]) {
    linear_blocks_at(level(), x, m, rows, after, out);
}

pub fn linear_blocks_at(
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
    let x = match x.strides {
        [stride, 1] if stride == k || m == 1 => Cow::Borrowed(&x.elements[..m * k]),
        [stride, term] => (0..m * k).map(|at| x.elements[at / k * stride + at % k * term]).collect(),
    };
    let outputs = n.div_ceil(4 * cores()).next_multiple_of(OUTPUTS);
    for_each_columns(out, n, 0..n, outputs, outputs * k * m, |mut out| {
        let columns = out.columns();
        if m == 1 {
            return dot_at(level, &x, rows.part(columns.clone()), out.row(0, columns));
        }
        // Many rows meet numbers that are written out once.
        let written_out = m > FEW_ROWS_OF_BLOCKS;
        let at_once = if written_out { (WRITTEN_OUT / k).clamp(OUTPUTS, outputs) } else { outputs };
        let rows_at_once = if written_out { (2 * WRITTEN_OUT / k).clamp(OUTPUTS, m) } else { m };
        let mut numbers = written_out.then(|| Elements::any(at_once * k));
        let mut turned = Elements::any(at_once * rows_at_once);
        let turned = turned.get_mut().expect("new elements have one holder");
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
                let turned = &mut turned[..columns.len() * count];
                match numbers {
                    Some(numbers) => dot_packing::<Wide>(level, x, k, numbers.as_bytes(), turned),
                    None => dot_at(level, x, rows, turned),
                }
                for row in 0..count {
                    let out = out.row(part * rows_at_once + row, columns.clone());
                    out.iter_mut().zip(turned.chunks_exact(count)).for_each(|(out, of_all)| *out = of_all[row]);
                }
            }
        }
    });
    finish(after, n, 0, out);
}
