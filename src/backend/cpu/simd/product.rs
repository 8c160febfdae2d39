//! Products of matrices, in the blocks of Goto and van de Geijn (2008, <https://doi.org/10.1145/1356052.1356053>):
//! the matrices are packed so that the kernel reads them one after another, and a tile of the result stays in registers.

use super::vector::{Vector, at_most, even_parts, load, of_rows, store};
use crate::backend::cpu::matmul::Matrix;
use crate::backend::cpu::memory::Elements;
use crate::backend::cpu::parallel::for_each_chunk;
use std::cell::RefCell;
use std::ops::Range;

/// The columns of `a` and rows of `b` that are taken at a time: the most that a usual width of a model is done in one go,
/// so that the result is read and written once. (256 and 384 were 3 to 6 % slower at widths of 512 and 2048.)
pub const DEPTH: usize = 512;
/// The rows of `a` that are packed at a time: a quarter of a megabyte, which stays in the second cache beside a panel of `b`.
pub const ROWS: usize = 120;

thread_local! {
    /// The packed rows of `a`, kept for the next product.
    static PACKED: RefCell<Option<Elements<f32>>> = const { RefCell::new(None) };
}

/// How many panels are packed together.
const PANELS: usize = 4;

/// A matrix `(k, n)` in panels of as many columns as a tile has: row after row of a panel, and zeros behind the last column.
pub struct Packed {
    panels: Elements<f32>,
    size: [usize; 2],
    width: usize,
    /// Which columns they are, and of how many that the result has.
    columns: Range<usize>,
    all_columns: usize,
}

impl Packed {
    pub fn new(b: Matrix<'_, f32>, [k, n]: [usize; 2], width: usize) -> Self {
        let block = PANELS * width;
        Packed::of_panels([k, n], 0..n, width, PANELS, |first, to| {
            if b.strides[1] == 1 && first + block <= n {
                // Whole rows of several panels: from a row to the next may be far.
                for term in 0..k {
                    let row = &b.part(term, first).elements[..block];
                    for (part, to) in row.chunks_exact(width).zip(to.chunks_exact_mut(k * width)) {
                        to[term * width..][..width].copy_from_slice(part);
                    }
                }
                return;
            }
            for (panel, to) in to.chunks_exact_mut(k * width).enumerate() {
                let first = first + panel * width;
                pack(to, b.part(0, first).transposed(), [width.min(n - first), k], width);
            }
        })
    }

    /// Some columns of a matrix `(k, n)`: `write` writes so many panels together, or less, from the given column of these on.
    pub fn of_panels(
        [k, n]: [usize; 2],
        columns: Range<usize>,
        width: usize,
        together: usize,
        write: impl Fn(usize, &mut [f32]) + Sync,
    ) -> Self {
        let mut panels = Elements::any(k * columns.len().next_multiple_of(width));
        let room = panels.get_mut().expect("new elements have one holder");
        let block = together * width;
        for_each_chunk(room, k * block, 2 * k * block, |index, to| write(index * block, to));
        Packed { panels, size: [k, columns.len()], width, columns, all_columns: n }
    }
}

/// What becomes of each element of a product, before it is written: `bias` of its column and `residual` are added.
#[derive(Clone, Copy, Default)]
pub struct Addends<'a> {
    pub bias: Option<&'a [f32]>,
    /// Row-major, as the result.
    pub residual: Option<&'a [f32]>,
    /// Whether what stands in the place of the result is added.
    pub onto: bool,
}

/// Packs rows for tiles, column after column: where the columns lie together and far from each other, each is read once.
#[inline(always)]
fn pack_columns<V: Vector>(to: &mut [f32], from: Matrix<'_, f32>, [rows, columns]: [usize; 2]) {
    for column in 0..columns {
        let from = &from.elements[column * from.strides[1]..][..rows];
        for (row, height) in even_parts(rows, V::TILE) {
            copy_few(&mut to[row * columns + column * height..][..height], &from[row..][..height]);
        }
    }
}

/// Copies some numbers, of which there are too few for a call: by two parts of a fixed length, which may overlap.
#[inline(always)]
fn copy_few(to: &mut [f32], from: &[f32]) {
    #[inline(always)]
    fn ends<const LEN: usize>(to: &mut [f32], from: &[f32]) -> bool {
        if let (true, Some(first), Some(last)) =
            (from.len() <= 2 * LEN, from.first_chunk::<LEN>(), from.last_chunk::<LEN>())
        {
            to[..LEN].copy_from_slice(first);
            to[from.len() - LEN..].copy_from_slice(last);
            return true;
        }
        false
    }
    if !(ends::<8>(to, from) || ends::<4>(to, from) || ends::<2>(to, from)) {
        to.copy_from_slice(from);
    }
}

/// The rows and columns of a tile: two vectors.
///
/// # Safety
/// None is needed: it is one of the kernels, which are chosen alike.
#[inline(always)]
pub unsafe fn tile<V: Vector>() -> [usize; 2] {
    [V::TILE, 2 * V::LANES]
}

/// The product of `a (m, k)` and the packed `b`, and the addends, into its columns of the row-major `c`, which is not empty.
///
/// # Safety
/// The processor has the instructions of `V`, whose tiles `b` was packed for. `a` lies inside its slice.
#[inline(always)]
pub unsafe fn multiply_packed<V: Vector>(a: Matrix<'_, f32>, b: &Packed, c: &mut [f32], addends: Addends<'_>) {
    let ([k, n], b_first, stride) = (b.size, b.columns.start, b.all_columns);
    let m = c.len() / stride;
    assert!(b.width == 2 * V::LANES && c.len() == m * stride, "a product as large as its result");
    assert!(addends.bias.is_none_or(|bias| bias.len() == stride), "a bias for each column");
    assert!(addends.residual.is_none_or(|residual| residual.len() == c.len()), "a residual for each element");
    // Taken out, and not borrowed in a closure: a closure would be compiled without the instructions of `V`.
    let mut packed = PACKED.take().unwrap_or_else(|| Elements::any(ROWS * DEPTH));
    let packed_a = packed.get_mut().expect("the elements of this thread");
    for first_term in (0..k).step_by(DEPTH) {
        let terms = first_term..k.min(first_term + DEPTH);
        for first_row in (0..m).step_by(ROWS) {
            let rows = ROWS.min(m - first_row);
            if a.strides[0] == 1 {
                pack_columns::<V>(packed_a, a.part(first_row, first_term), [rows, terms.len()]);
            } else {
                for (row, height) in even_parts(rows, V::TILE) {
                    let to = &mut packed_a[row * terms.len()..][..height * terms.len()];
                    pack(to, a.part(first_row + row, first_term), [height, terms.len()], height);
                }
            }
            for (panel, column) in (0..n).step_by(b.width).enumerate() {
                let width = b.width.min(n - column);
                let b = &b.panels.as_slice()[(panel * k + terms.start) * b.width..][..terms.len() * b.width];
                for (row, height) in even_parts(rows, V::TILE) {
                    let a = &packed_a[row * terms.len()..][..height * terms.len()];
                    let first = b_first + column;
                    let tile = Tile {
                        at: (first_row + row) * stride + first,
                        stride,
                        columns: first..first + width,
                        first: terms.start == 0 && !addends.onto,
                        last: terms.end == k,
                    };
                    // SAFETY: the caller's; the panels are packed, and the tile lies inside `c`.
                    unsafe { of_rows!(height, V::TILE, multiply_panels::<V>(a, b, c, &tile, addends)) };
                }
            }
        }
    }
    PACKED.set(Some(packed));
}

/// Where a tile of the result lies.
struct Tile {
    /// Its first element.
    at: usize,
    /// From row to row.
    stride: usize,
    columns: Range<usize>,
    /// Whether nothing was written there before.
    first: bool,
    /// Whether nothing will be added later but the addends.
    last: bool,
}

/// A tile of the product of a panel of `a` and one of `b`.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn multiply_panels<V: Vector, const ROWS: usize>(
    a: &[f32],
    b: &[f32],
    c: &mut [f32],
    tile: &Tile,
    addends: Addends<'_>,
) {
    // SAFETY: the caller's; each part of `b` is two vectors long.
    unsafe {
        let mut sums = [[V::splat(0.0); 2]; ROWS];
        for (a, b) in a.chunks_exact(ROWS).zip(b.chunks_exact(2 * V::LANES)) {
            // A panel is longer than the first cache.
            V::prefetch(b.as_ptr().wrapping_add(AHEAD * 2 * V::LANES));
            V::prefetch(b.as_ptr().wrapping_add((AHEAD * 2 + 1) * V::LANES));
            let (left, right) = (V::load(b), V::load(&b[V::LANES..]));
            for row in 0..ROWS {
                let factor = V::splat(a[row]);
                sums[row] = [factor.mul_add(left, sums[row][0]), factor.mul_add(right, sums[row][1])];
            }
        }
        let middle = tile.columns.end.min(tile.columns.start + V::LANES);
        let parts = [tile.columns.start..middle, middle..tile.columns.end];
        for (row, sums) in sums.into_iter().enumerate() {
            let at = tile.at + row * tile.stride;
            for (mut sum, columns) in sums.into_iter().zip(parts.clone()) {
                let from = at + columns.start - tile.columns.start;
                let place = from..from + columns.len();
                if !tile.first {
                    sum = sum.add(load(&c[place.clone()], 0.0));
                }
                if tile.last {
                    if let Some(bias) = addends.bias {
                        sum = sum.add(load(&bias[columns], 0.0));
                    }
                    if let Some(residual) = addends.residual {
                        sum = sum.add(load(&residual[place.clone()], 0.0));
                    }
                }
                store(sum, &mut c[place]);
            }
        }
    }
}

/// How many rows of a panel of `b` are asked for ahead.
const AHEAD: usize = 8;

/// The product of a small `a (m, k)` and a small `b (k, n)` whose rows lie together, into `c`: nothing is packed.
///
/// # Safety
/// The processor has the instructions of `V`. The matrices lie inside their slices.
#[inline(always)]
pub unsafe fn multiply_small<V: Vector>([m, k, n]: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32]) {
    let (whole, half) = (V::LANES, V::Half::LANES);
    assert!(c.len() == m * n, "a product as large as its result");
    for column in (0..n).step_by(2 * whole) {
        let (width, b) = ((2 * whole).min(n - column), b.part(0, column));
        for (row, height) in even_parts(m, at_most::<V>(8)) {
            let (a, c) = (a.part(row, 0), &mut c[row * n + column..]);
            // SAFETY: the caller's.
            unsafe {
                if width <= half {
                    of_rows!(height, at_most::<V>(8), multiply_rows::<V::Half, V::Half, false>(k, a, b, c, n, width));
                } else if width <= whole {
                    of_rows!(height, at_most::<V>(8), multiply_rows::<V, V, false>(k, a, b, c, n, width));
                } else if width <= whole + half {
                    of_rows!(height, at_most::<V>(8), multiply_rows::<V, V::Half, true>(k, a, b, c, n, width));
                } else {
                    of_rows!(height, at_most::<V>(8), multiply_rows::<V, V, true>(k, a, b, c, n, width));
                }
            }
        }
    }
}

/// A tile of so many columns, of the rows of `a` and `b` as they lie.
///
/// # Safety
/// The processor has the instructions of `L` and `R`. The tile lies inside the matrices.
#[inline(always)]
unsafe fn multiply_rows<L: Vector, R: Vector, const RIGHT: bool, const ROWS: usize>(
    k: usize,
    a: Matrix<'_, f32>,
    b: Matrix<'_, f32>,
    c: &mut [f32],
    stride: usize,
    width: usize,
) {
    let middle = width.min(L::LANES);
    let whole = if RIGHT { L::LANES + R::LANES } else { L::LANES };
    // What stands behind the columns may be read, as long as it is inside the slice: its sums are not written.
    let readable =
        b.elements.len().checked_sub(whole).map_or(0, |last| last.checked_div(b.strides[0]).unwrap_or(k) + 1);
    let readable = readable.min(k);
    // SAFETY: the caller's.
    unsafe {
        let mut sums = ([L::splat(0.0); ROWS], [R::splat(0.0); ROWS]);
        for term in 0..readable {
            let b = b.elements.get_unchecked(term * b.strides[0]..);
            let (x, y) = (L::load(b), if RIGHT { R::load(b.get_unchecked(L::LANES..)) } else { R::splat(0.0) });
            add_term::<L, R, RIGHT, ROWS>(a, term, x, y, &mut sums);
        }
        for term in readable..k {
            let b = b.elements.get_unchecked(term * b.strides[0]..);
            let x = load::<L>(b.get_unchecked(..middle), 0.0);
            let y = if RIGHT { load::<R>(b.get_unchecked(middle..width), 0.0) } else { R::splat(0.0) };
            add_term::<L, R, RIGHT, ROWS>(a, term, x, y, &mut sums);
        }
        let (left, right) = sums;
        for (row, (left, right)) in left.into_iter().zip(right).enumerate() {
            let c = &mut c[row * stride..][..width];
            store(left, &mut c[..middle]);
            if RIGHT {
                store(right, &mut c[middle..]);
            }
        }
    }
}

/// # Safety
/// The processor has the instructions of `L` and `R`. The term lies inside the matrix.
#[inline(always)]
unsafe fn add_term<L: Vector, R: Vector, const RIGHT: bool, const ROWS: usize>(
    a: Matrix<'_, f32>,
    term: usize,
    x: L,
    y: R,
    (left, right): &mut ([L; ROWS], [R; ROWS]),
) {
    // SAFETY: the caller's.
    unsafe {
        let a_term = term * a.strides[1];
        for row in 0..ROWS {
            let factor = *a.elements.get_unchecked(row * a.strides[0] + a_term);
            left[row] = L::splat(factor).mul_add(x, left[row]);
            if RIGHT {
                right[row] = R::splat(factor).mul_add(y, right[row]);
            }
        }
    }
}

/// The sums of products of `x` with rows of `b`, from the first element of `b` on, `stride` apart.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn dot_rows<V: Vector>(x: &[f32], b: &[f32], stride: usize, out: &mut [f32]) {
    const AT_ONCE: usize = 4;
    let whole = x.len() - x.len() % (2 * V::LANES);
    for (block, out) in out.chunks_mut(AT_ONCE).enumerate() {
        let row = |i: usize| &b[(block * AT_ONCE + i.min(out.len() - 1)) * stride..][..x.len()];
        let rows = [row(0), row(1), row(2), row(3)];
        // SAFETY: the caller's; every row is as long as `x`.
        unsafe {
            let mut sums = [[V::splat(0.0); 2]; AT_ONCE];
            for at in (0..whole).step_by(2 * V::LANES) {
                let (left, right) = (V::load(x.get_unchecked(at..)), V::load(x.get_unchecked(at + V::LANES..)));
                for i in 0..AT_ONCE {
                    let row = rows[i].get_unchecked(at..);
                    V::prefetch(row.as_ptr().wrapping_add(FAR));
                    V::prefetch(row.as_ptr().wrapping_add(FAR + V::LANES));
                    sums[i][0] = left.mul_add(V::load(row), sums[i][0]);
                    sums[i][1] = right.mul_add(V::load(row.get_unchecked(V::LANES..)), sums[i][1]);
                }
            }
            for at in (whole..x.len()).step_by(V::LANES) {
                let part = at..x.len().min(at + V::LANES);
                let x = load::<V>(&x[part.clone()], 0.0);
                for i in 0..AT_ONCE {
                    sums[i][0] = x.mul_add(load(&rows[i][part.clone()], 0.0), sums[i][0]);
                }
            }
            for (out, [left, right]) in out.iter_mut().zip(sums) {
                *out = left.add(right).sum();
            }
        }
    }
}

/// How many elements of a row that streams from memory are asked for ahead.
const FAR: usize = 256;

/// The sum of the rows of `b`, each times its element of `x`: as many columns as `out` has, from the first element of
/// `b` on, rows `stride` apart.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn add_products<V: Vector>(x: &[f32], b: &[f32], stride: usize, out: &mut [f32]) {
    const AT_ONCE: usize = 8;
    out.fill(0.0);
    for (block, x) in x.chunks(AT_ONCE).enumerate() {
        let b = &b[block * AT_ONCE * stride..];
        // SAFETY: the caller's.
        unsafe { of_rows!(x.len(), AT_ONCE, add_block::<V>(x, b, stride, out)) };
    }
}

/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn add_block<V: Vector, const ROWS: usize>(x: &[f32], b: &[f32], stride: usize, out: &mut [f32]) {
    let mut rows = [&b[..0]; ROWS];
    for i in 0..ROWS {
        rows[i] = &b[i * stride..][..out.len()];
    }
    // SAFETY: the caller's; every row is as long as `out`.
    unsafe {
        for at in (0..out.len()).step_by(V::LANES) {
            let part = at..out.len().min(at + V::LANES);
            let mut sum = load::<V>(&out[part.clone()], 0.0);
            for i in 0..ROWS {
                sum = V::splat(x[i]).mul_add(load(rows[i].get_unchecked(part.clone()), 0.0), sum);
            }
            store(sum, &mut out[part]);
        }
    }
}

/// A panel of the rows of a matrix: column after column, and zeros for the rows that it lacks.
fn pack(to: &mut [f32], from: Matrix<'_, f32>, [rows, columns]: [usize; 2], height: usize) {
    let [row_stride, column_stride] = from.strides;
    let to = &mut to[..height * columns];
    if row_stride == 1 {
        for (column, to) in to.chunks_exact_mut(height).enumerate() {
            to[..rows].copy_from_slice(&from.elements[column * column_stride..][..rows]);
            to[rows..].fill(0.0);
        }
        return;
    }
    if rows < height {
        to.chunks_exact_mut(height).for_each(|to| to[rows..].fill(0.0));
    }
    let whole_rows = if column_stride == 1 { rows - rows % 4 } else { 0 };
    for row in (0..whole_rows).step_by(4) {
        let rows: [&[f32]; 4] = std::array::from_fn(|i| &from.elements[(row + i) * row_stride..][..columns]);
        let blocks = rows.map(|row| row.as_chunks::<4>().0);
        let mut columns = to.chunks_exact_mut(height);
        for block in 0..blocks[0].len() {
            // Four by four, which the compiler makes shuffles of.
            let [a, b, c, d] = blocks.map(|row| row[block]);
            for (i, column) in columns.by_ref().take(4).enumerate() {
                column[row..row + 4].copy_from_slice(&[a[i], b[i], c[i], d[i]]);
            }
        }
        let rest = rows[0].len() - rows[0].len() % 4;
        for (at, column) in columns.enumerate() {
            (0..4).for_each(|i| column[row + i] = rows[i][rest + at]);
        }
    }
    for row in whole_rows..rows {
        for (column, to) in to.chunks_exact_mut(height).enumerate() {
            to[row] = from.elements[row * row_stride + column * column_stride];
        }
    }
}
