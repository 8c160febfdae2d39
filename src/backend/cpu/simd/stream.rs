//! Products of a row and a matrix that is read once, from memory.
//!
//! The processor asks for what comes next of a few places that are read one element after another, and it takes a while to
//! see that it should. So a matrix is read in a few parts at once, each from its begin to its end, and not row by row.

use super::vector::{Vector, load, store};

/// How many places of the matrix are read at once. With 4, a matrix of 64 MiB was read at 36 GB/s by one core, with 2 and 8 at
/// 32 and 33; with 4 rows that lie side by side, at 30, and 28 when what comes 16 lines later was asked for.
const STREAMS: usize = 4;

/// The sums of products of `x` with rows of `b`, from the first element of `b` on, `stride` apart.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn dot_rows<V: Vector>(x: &[f32], b: &[f32], stride: usize, out: &mut [f32]) {
    let row = |i: usize| &b[i * stride..][..x.len()];
    let (part, count) = (out.len() / STREAMS, out.len());
    for i in 0..part {
        // SAFETY: the caller's; every row is as long as `x`.
        let sums = unsafe { dot::<V, STREAMS>(x, [row(i), row(i + part), row(i + 2 * part), row(i + 3 * part)]) };
        for (stream, sum) in sums.into_iter().enumerate() {
            out[i + stream * part] = sum;
        }
    }
    for i in STREAMS * part..count {
        // SAFETY: as above.
        [out[i]] = unsafe { dot::<V, 1>(x, [row(i)]) };
    }
}

/// # Safety
/// The processor has the instructions of `V`. Every row is as long as `x`.
#[inline(always)]
unsafe fn dot<V: Vector, const ROWS: usize>(x: &[f32], rows: [&[f32]; ROWS]) -> [f32; ROWS] {
    let whole = x.len() - x.len() % (2 * V::LANES);
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [[V::splat(0.0); 2]; ROWS];
        for at in (0..whole).step_by(2 * V::LANES) {
            let (left, right) = (V::load(x.get_unchecked(at..)), V::load(x.get_unchecked(at + V::LANES..)));
            for i in 0..ROWS {
                let row = rows[i].get_unchecked(at..);
                sums[i][0] = left.mul_add(V::load(row), sums[i][0]);
                sums[i][1] = right.mul_add(V::load(row.get_unchecked(V::LANES..)), sums[i][1]);
            }
        }
        for at in (whole..x.len()).step_by(V::LANES) {
            let part = at..x.len().min(at + V::LANES);
            let x = load::<V>(&x[part.clone()], 0.0);
            for i in 0..ROWS {
                sums[i][0] = x.mul_add(load(&rows[i][part.clone()], 0.0), sums[i][0]);
            }
        }
        let mut out = [0.0; ROWS];
        for i in 0..ROWS {
            out[i] = sums[i][0].add(sums[i][1]).sum();
        }
        out
    }
}

/// The sum of the rows of `b`, each times its element of `x`: as many columns as `out` has, from the first element of
/// `b` on, rows `stride` apart.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn add_products<V: Vector>(x: &[f32], b: &[f32], stride: usize, out: &mut [f32]) {
    out.fill(0.0);
    let columns = out.len();
    let row = |i: usize| &b[i * stride..][..columns];
    let part = x.len() / STREAMS;
    for i in 0..part {
        let at = [i, i + part, i + 2 * part, i + 3 * part];
        // SAFETY: the caller's; every row is as long as `out`.
        unsafe { add::<V, STREAMS>(at.map(|i| x[i]), at.map(row), out) };
    }
    for i in STREAMS * part..x.len() {
        // SAFETY: as above.
        unsafe { add::<V, 1>([x[i]], [row(i)], out) };
    }
}

/// # Safety
/// The processor has the instructions of `V`. Every row is as long as `out`.
#[inline(always)]
unsafe fn add<V: Vector, const ROWS: usize>(x: [f32; ROWS], rows: [&[f32]; ROWS], out: &mut [f32]) {
    let whole = out.len() - out.len() % V::LANES;
    // SAFETY: the caller's.
    unsafe {
        for at in (0..whole).step_by(V::LANES) {
            let mut sum = V::load(out.get_unchecked(at..));
            for i in 0..ROWS {
                sum = V::splat(x[i]).mul_add(V::load(rows[i].get_unchecked(at..)), sum);
            }
            sum.store(out.get_unchecked_mut(at..));
        }
        if whole < out.len() {
            let mut sum = load::<V>(&out[whole..], 0.0);
            for i in 0..ROWS {
                sum = V::splat(x[i]).mul_add(load(&rows[i][whole..], 0.0), sum);
            }
            store(sum, &mut out[whole..]);
        }
    }
}
