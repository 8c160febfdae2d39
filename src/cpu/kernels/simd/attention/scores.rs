//! Scores: the product of queries and keys.

use super::super::vector::{LINE, OutlinedKernel, Vector, at_most, dispatch_rows, even_chunks};
use super::block::TILE_ROWS;
use super::prefetch::{IndexedRows, Prefetch};
use super::softmax::exp2_scaled;
use crate::cpu::kernels::matrix::Matrix;

/// For so few queries the lanes run along the elements of a key: lanes of queries would be mostly empty.
pub const FEW_QUERIES: usize = 4;

/// The scaled queries that begin at `starts`, transposed: a column for each lane.
///
/// # Safety
/// The processor has the instructions of `V`, and the lanes are as many as a vector and a half have, or two halves.
#[inline(always)]
pub unsafe fn transpose_queries<V: Vector>(transposed: &mut [f32], q: &[f32], starts: &[usize], d: usize, scale: f32) {
    let lanes = starts.len();
    assert!(transposed.len() >= d * lanes, "the transposed queries end too soon");
    assert!(starts.iter().max().is_none_or(|start| start + d <= q.len()), "queries end too soon");
    // SAFETY: the caller's; the assertions are that all slices are long enough.
    unsafe {
        for first in (0..lanes).step_by(V::LANES) {
            let starts = &starts[first..];
            if starts.len() >= V::LANES {
                transpose_lanes::<V>(transposed, [first, lanes], q, starts, d, scale);
            } else {
                transpose_lanes::<V::Half>(transposed, [first, lanes], q, starts, d, scale);
            }
        }
    }
    for column in d - d % 4..d {
        let transposed = &mut transposed[column * lanes..];
        transposed.iter_mut().zip(starts).for_each(|(to, start)| *to = q[start + column] * scale);
    }
}

/// [`transpose_queries`] for one vector of lanes, without the columns after the last four.
///
/// # Safety
/// The processor has the instructions of `W`, and the slices are long enough.
#[inline(always)]
unsafe fn transpose_lanes<W: Vector>(
    transposed: &mut [f32],
    [first, lanes]: [usize; 2],
    q: &[f32],
    starts: &[usize],
    d: usize,
    scale: f32,
) {
    // SAFETY: the caller's.
    unsafe {
        let scale = W::splat(scale);
        for column in (0..d - d % 4).step_by(4) {
            // Every fourth row; entries beyond the number of lanes are not read.
            let row = |i: usize| q.get_unchecked(*starts.get_unchecked(i % W::LANES) + column..);
            let rows = |i: usize| [row(i), row(i + 4), row(i + 8), row(i + 12)];
            let rows =
                [W::load_groups(rows(0)), W::load_groups(rows(1)), W::load_groups(rows(2)), W::load_groups(rows(3))];
            let columns = W::transpose_groups(rows);
            for i in 0..4 {
                columns[i].mul(scale).store(transposed.get_unchecked_mut((column + i) * lanes + first..));
            }
        }
    }
}

/// The scores of keys for the queries in the lanes: one row for each key.
///
/// With `max_and_sum`, each score is exponentiated while it is in a register, relative to the maximum of the first tile
/// only. So no pass over the scores looks for a larger one, which is rarely far larger, and a softmax does not depend on
/// what is subtracted. (FlashAttention-4, Zadouri et al. 2026, also keeps the old maximum until a score exceeds it by a
/// threshold.)
pub struct Scores<'a> {
    /// The queries, a column each, as [`transpose_queries`] writes them.
    pub q: &'a [f32],
    pub k: Matrix<'a, f32>,
    /// The size of a key.
    pub d: usize,
    pub scores: &'a mut [f32],
    /// The maximum that is subtracted from the scores, and the sum of exponentials.
    pub max_and_sum: Option<&'a mut [f32]>,
    /// Whether there were keys before these.
    pub has_previous: bool,
    pub prefetch: &'a Prefetch<'a>,
    /// The results to prefetch.
    pub results: IndexedRows<'a>,
}

impl OutlinedKernel for Scores<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<W: Vector>(self) {
        let Scores { q, k, d, scores, mut max_and_sum, has_previous, prefetch, results } = self;
        /// The keys of the first tile, whose maximum is subtracted: the same for all widths of vectors, since the last
        /// queries of a text may be in the middle of a longer one.
        const FIRST: usize = 4;
        let keys = scores.len() / W::LANES;
        let first = keys.min(at_most::<W>(FIRST));
        let others = even_chunks(keys - first, at_most::<W>(TILE_ROWS)).map(|(key, count)| (first + key, count));
        let tiles = 1 + (keys - first).div_ceil(at_most::<W>(TILE_ROWS));
        for (tile, (key, count)) in std::iter::once((0, first)).chain(others).enumerate() {
            let prefetch = &prefetch.part(results, tile, tiles, q.as_ptr());
            let (k, scores) = (k.part(key, 0), &mut scores[key * W::LANES..][..count * W::LANES]);
            let (max_and_sum, has_previous) = (max_and_sum.as_deref_mut(), has_previous || key > 0);
            // SAFETY: the caller's.
            unsafe {
                dispatch_rows!(
                    count,
                    at_most::<W>(TILE_ROWS),
                    score_tile::<W>(q, k, d, scores, max_and_sum, has_previous, prefetch)
                );
            }
        }
    }
}

/// The scores of the first keys for the queries in the lanes.
///
/// # Safety
/// The processor has the instructions of `W`.
#[inline(always)]
unsafe fn score_tile<W: Vector, const ROWS: usize>(
    q: &[f32],
    k: Matrix<'_, f32>,
    d: usize,
    scores: &mut [f32],
    max_and_sum: Option<&mut [f32]>,
    has_previous: bool,
    prefetch: &[*const f32; LINE],
) {
    assert!(k.elements.len() >= (ROWS - 1) * k.strides[0] + d, "keys end too soon");
    assert!(q.len() >= d * W::LANES, "queries end too soon");
    assert!(
        max_and_sum.as_ref().is_none_or(|max_and_sum| max_and_sum.len() >= 2 * W::LANES),
        "maxima and sums end too soon"
    );
    // SAFETY: the caller's; a row of `q`, of the scores and of `max_and_sum` is as long as `W`, and the assertions are that the
    // last elements of keys and queries lie inside their slices.
    unsafe {
        // If the maximum is known, the sums start at its negative.
        let start = match &max_and_sum {
            Some(max_and_sum) if has_previous => W::splat(0.0).sub(W::load(max_and_sum)),
            _ => W::splat(0.0),
        };
        let mut sums = [start; ROWS];
        for column in 0..d {
            W::prefetch(prefetch[column % LINE].wrapping_add(column / LINE * LINE));
            let q = W::load(q.get_unchecked(column * W::LANES..));
            for row in 0..ROWS {
                let factor = W::splat(*k.elements.get_unchecked(row * k.strides[0] + column));
                sums[row] = factor.accumulate(q, sums[row]);
            }
        }
        let scores = scores.chunks_exact_mut(W::LANES);
        if let Some(max_and_sum) = max_and_sum {
            let (center_before, total_before) = max_and_sum.split_at_mut(W::LANES);
            let mut total = W::load(total_before);
            if !has_previous {
                let mut center = sums[0];
                for row in 1..ROWS {
                    center = center.max(sums[row]);
                }
                center.store(center_before);
                for row in 0..ROWS {
                    sums[row] = sums[row].sub(center);
                }
                total = W::splat(0.0);
            }
            for (scores, sum) in scores.zip(sums) {
                let exp2_scaled = exp2_scaled(sum);
                total = total.add(exp2_scaled);
                exp2_scaled.store(scores);
            }
            total.store(total_before);
        } else {
            for (scores, sum) in scores.zip(sums) {
                sum.store(scores);
            }
        }
    }
}

/// The scores of keys for few queries, a row of `q` each; the other lanes stay empty.
pub struct FewScores<'a> {
    pub q: &'a [f32],
    /// Their number, at most [`FEW_QUERIES`].
    pub queries: usize,
    pub k: Matrix<'a, f32>,
    /// The size of a key.
    pub d: usize,
    pub scores: &'a mut [f32],
    /// The stride of the scores of a key.
    pub lanes: usize,
}

impl OutlinedKernel for FewScores<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller's.
        unsafe { dispatch_rows!(self.queries, at_most::<V>(FEW_QUERIES), score_rows::<V>(self)) };
    }
}

/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn score_rows<V: Vector, const ROWS: usize>(few: FewScores<'_>) {
    let FewScores { q, k, d, scores, lanes, .. } = few;
    let (keys, whole) = (scores.len() / lanes, d - d % V::LANES);
    if d == 0 {
        // Keys of no elements lie nowhere.
        return scores.fill(0.0);
    }
    assert!(keys == 0 || k.lies_inside([keys, d]), "keys end too soon");
    assert!(q.len() >= ROWS * d, "queries end too soon");
    scores.fill(0.0);
    for (key, scores) in scores.chunks_exact_mut(lanes).enumerate() {
        // SAFETY: the caller's; the assertions are that the last elements of keys and queries lie inside their slices.
        unsafe {
            let k = k.elements.get_unchecked(key * k.strides[0]..);
            let mut sums = [V::splat(0.0); ROWS];
            for column in (0..whole).step_by(V::LANES) {
                let k = V::load(k.get_unchecked(column..));
                for row in 0..ROWS {
                    sums[row] = V::load(q.get_unchecked(row * d + column..)).accumulate(k, sums[row]);
                }
            }
            if whole < d {
                let k = V::load_partial(k.get_unchecked(whole..d), 0.0);
                for row in 0..ROWS {
                    sums[row] =
                        V::load_partial(q.get_unchecked(row * d + whole..row * d + d), 0.0).accumulate(k, sums[row]);
                }
            }
            for row in 0..ROWS {
                scores[row] = sums[row].sum();
            }
        }
    }
}
