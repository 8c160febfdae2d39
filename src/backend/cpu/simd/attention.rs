//! Attention of a block of queries in one pass over the keys, with a running softmax (Milakov and Gimelshein 2018,
//! <https://arxiv.org/abs/1805.02867>; Dao et al. 2022, <https://arxiv.org/abs/2205.14135>).
//!
//! Each lane of two vectors is a query, and the scores of a key are two vectors: the softmax goes down the keys, lane by
//! lane, and nothing is ever summed across a vector.

use super::math;
use super::vector::{Vector, load, of_rows, store};
use crate::backend::cpu::matmul::Matrix;
use std::cell::RefCell;

/// The keys that are taken at a time: their scores stay in the first cache.
const KEYS: usize = 96;

/// Which keys each query of a block may attend to.
#[derive(Clone, Copy)]
pub struct Live<'a> {
    /// For each query, how many of the first keys.
    pub counts: &'a [usize],
    /// For each query and each of all keys, whether the key is not excluded.
    pub allowed: Option<&'a [bool]>,
}

thread_local! {
    /// The queries, scores and results of a block, kept for the next one.
    static BUFFERS: RefCell<[Vec<f32>; 3]> = const { RefCell::new([Vec::new(), Vec::new(), Vec::new()]) };
}

/// `out (queries, e)` becomes `softmax(scale · q · kᵀ) · v` on the live keys, for `q (queries, d)`, `k (keys, d)` and
/// `v (keys, e)`, a row of which lies together. Where a query has no live key, or what is masked is not finite, the
/// result is NaN.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn attend<V: Vector>(
    [d, e]: [usize; 2],
    [q, k, v]: [Matrix<'_, f32>; 3],
    scale: f32,
    live: Live<'_>,
    out: &mut [f32],
) {
    let lanes = 2 * V::LANES;
    let keys = live.allowed.map_or(0, |allowed| allowed.len() / live.counts.len());
    let [mut turned, mut scores, mut sums] = BUFFERS.take();
    turned.resize(d * lanes, 0.0);
    scores.resize(KEYS * lanes, 0.0);
    sums.resize(lanes * e, 0.0);
    for (block, out) in out.chunks_mut(lanes * e).enumerate() {
        let first = block * lanes;
        let queries = out.len() / e;
        turn(&mut turned, q.part(first, 0), [queries, d], scale, lanes);
        let live = Live {
            counts: &live.counts[first..first + queries],
            allowed: live.allowed.map(|allowed| &allowed[first * keys..(first + queries) * keys]),
        };
        // SAFETY: the caller's.
        unsafe { attend_block::<V>([d, e, keys], &turned, k, v, live, &mut scores, &mut sums, out) };
    }
    BUFFERS.set([turned, scores, sums]);
}

/// The queries, scaled, a column each.
fn turn(turned: &mut [f32], q: Matrix<'_, f32>, [queries, d]: [usize; 2], scale: f32, lanes: usize) {
    if queries < lanes {
        turned.fill(0.0);
    }
    for query in 0..queries {
        let column = turned.iter_mut().skip(query).step_by(lanes).take(d);
        let from = &q.elements[query * q.strides[0]..];
        match q.strides[1] {
            0 => column.for_each(|to| *to = from[0] * scale),
            stride => column.zip(from.iter().step_by(stride)).for_each(|(to, &x)| *to = x * scale),
        }
    }
}

/// # Safety
/// The processor has the instructions of `V`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
unsafe fn attend_block<V: Vector>(
    [d, e, all_keys]: [usize; 3],
    q: &[f32],
    k: Matrix<'_, f32>,
    v: Matrix<'_, f32>,
    live: Live<'_>,
    scores: &mut [f32],
    sums: &mut [f32],
    out: &mut [f32],
) {
    let lanes = 2 * V::LANES;
    let (fewest, most) =
        live.counts.iter().fold((usize::MAX, 0), |(fewest, most), &count| (fewest.min(count), most.max(count)));
    let mut counts = [0.0; 2 * super::vector::MAX_LANES];
    counts.iter_mut().zip(live.counts).for_each(|(to, &count)| *to = count as f32);
    let mut scales = [0.0; 2 * super::vector::MAX_LANES];
    sums.fill(0.0);
    // SAFETY: the caller's; a row of scores and the counts are two vectors long.
    unsafe {
        let nothing = V::splat(f32::NEG_INFINITY);
        let counts = [V::load(&counts), V::load(&counts[V::LANES..])];
        let (mut largest, mut total) = ([nothing; 2], [V::splat(0.0); 2]);
        for first in (0..most).step_by(KEYS) {
            let keys = KEYS.min(most - first);
            let scores = &mut scores[..keys * lanes];
            for (tile, scores) in scores.chunks_mut(V::TILE * lanes).enumerate() {
                score_tile_of::<V>(q, k.part(first + tile * V::TILE, 0), d, scores);
            }
            if first + keys > fewest {
                for (key, scores) in scores.chunks_exact_mut(lanes).enumerate() {
                    let key = V::splat((first + key) as f32);
                    for (scores, count) in scores.chunks_exact_mut(V::LANES).zip(counts) {
                        key.if_less(count, V::load(scores), nothing).store(scores);
                    }
                }
            }
            if let Some(allowed) = live.allowed {
                for (query, allowed) in allowed.chunks_exact(all_keys).enumerate() {
                    let of_query = scores[query..].iter_mut().step_by(lanes).zip(&allowed[first..]);
                    of_query.filter(|(_, allowed)| !**allowed).for_each(|(score, _)| *score = f32::NEG_INFINITY);
                }
            }
            // What was summed up is scaled from the old largest score to the new one.
            let before = largest;
            for scores in scores.chunks_exact(lanes) {
                for (largest, scores) in largest.iter_mut().zip(scores.chunks_exact(V::LANES)) {
                    *largest = largest.max(V::load(scores));
                }
            }
            // Without a live key so far, anything finite will do.
            let mut center = largest;
            for i in 0..2 {
                center[i] = nothing.if_less(largest[i], largest[i], V::splat(0.0));
                let scale = math::exp(before[i].sub(center[i]));
                total[i] = total[i].mul(scale);
                scale.store(&mut scales[i * V::LANES..]);
            }
            for scores in scores.chunks_exact_mut(lanes) {
                for (i, scores) in scores.chunks_exact_mut(V::LANES).enumerate() {
                    let power = math::exp(V::load(scores).sub(center[i]));
                    total[i] = total[i].add(power);
                    power.store(scores);
                }
            }
            let values = v.part(first, 0);
            let queries = live.counts.len();
            for (tile, sums) in sums[..queries * e].chunks_mut(V::TILE * e).enumerate() {
                let query = tile * V::TILE;
                value_tile_of::<V>(&scores[query..], &scales[query..], values, [keys, e], sums);
            }
        }
        for i in 0..2 {
            V::splat(1.0).div(total[i]).store(&mut scales[i * V::LANES..]);
        }
        for ((out, sums), &scale) in out.chunks_exact_mut(e).zip(sums.chunks_exact(e)).zip(&scales) {
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum * scale);
        }
    }
}

/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn score_tile_of<V: Vector>(q: &[f32], k: Matrix<'_, f32>, d: usize, scores: &mut [f32]) {
    // SAFETY: the caller's.
    unsafe { of_rows!(scores.len() / (2 * V::LANES), score_tile::<V>(q, k, d, scores)) }
}

/// The scores of the first keys for all queries of a block.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn score_tile<V: Vector, const ROWS: usize>(q: &[f32], k: Matrix<'_, f32>, d: usize, scores: &mut [f32]) {
    assert!(d == 0 || k.elements.len() > (ROWS - 1) * k.strides[0] + (d - 1) * k.strides[1], "keys end too soon");
    assert!(q.len() >= d * 2 * V::LANES, "queries end too soon");
    // SAFETY: the caller's; a row of `q` and of the scores is two vectors long, and the assertions are that the
    // last elements of keys and queries lie inside their slices.
    unsafe {
        let mut sums = [[V::splat(0.0); 2]; ROWS];
        for column in 0..d {
            let q = q.get_unchecked(column * 2 * V::LANES..);
            let (left, right) = (V::load(q), V::load(q.get_unchecked(V::LANES..)));
            for row in 0..ROWS {
                let factor = *k.elements.get_unchecked(row * k.strides[0] + column * k.strides[1]);
                let factor = V::splat(factor);
                sums[row] = [factor.mul_add(left, sums[row][0]), factor.mul_add(right, sums[row][1])];
            }
        }
        for (scores, [left, right]) in scores.chunks_exact_mut(2 * V::LANES).zip(sums) {
            left.store(scores);
            right.store(&mut scores[V::LANES..]);
        }
    }
}

/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn value_tile_of<V: Vector>(
    weights: &[f32],
    scales: &[f32],
    v: Matrix<'_, f32>,
    size: [usize; 2],
    sums: &mut [f32],
) {
    // SAFETY: the caller's.
    unsafe { of_rows!(sums.len() / size[1], value_tile::<V>(weights, scales, v, size, sums)) }
}

/// Scales the sums `(ROWS, e)`, and adds the values of the keys to them, each by its weight for the query.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn value_tile<V: Vector, const ROWS: usize>(
    weights: &[f32],
    scales: &[f32],
    v: Matrix<'_, f32>,
    [keys, e]: [usize; 2],
    sums: &mut [f32],
) {
    let lanes = 2 * V::LANES;
    assert!(keys > 0 && v.elements.len() >= (keys - 1) * v.strides[0] + e, "values end too soon");
    assert!(weights.len() >= (keys - 1) * lanes + ROWS && scales.len() >= ROWS, "weights end too soon");
    assert!(sums.len() == ROWS * e, "a sum for each query and column");
    for first in (0..e).step_by(lanes) {
        let columns = [first, e.min(first + V::LANES), e.min(first + lanes)];
        // SAFETY: the caller's; the assertions are that the last weight and the last value lie inside their slices.
        unsafe {
            if first + lanes <= e {
                value_columns::<V, ROWS, true>(weights, scales, v, [keys, e], columns, sums);
            } else {
                value_columns::<V, ROWS, false>(weights, scales, v, [keys, e], columns, sums);
            }
        }
    }
}

/// [`value_tile`] for two vectors of columns, from the first of three on to the second, and to the third. Whether both
/// are whole is a constant: with both ways to load in one loop, the compiler would not keep the tile in registers.
///
/// # Safety
/// The processor has the instructions of `V`, and all slices are as long as [`value_tile`] asserts.
#[inline(always)]
unsafe fn value_columns<V: Vector, const ROWS: usize, const WHOLE: bool>(
    weights: &[f32],
    scales: &[f32],
    v: Matrix<'_, f32>,
    [keys, e]: [usize; 2],
    [first, middle, end]: [usize; 3],
    sums: &mut [f32],
) {
    let lanes = 2 * V::LANES;
    // SAFETY: the caller's.
    unsafe {
        let mut tile = [[V::splat(0.0); 2]; ROWS];
        for key in 0..keys {
            let row = v.elements.get_unchecked(key * v.strides[0]..);
            let (left, right) = (row.get_unchecked(first..middle), row.get_unchecked(middle..end));
            let (left, right) =
                if WHOLE { (V::load(left), V::load(right)) } else { (load::<V>(left, 0.0), load::<V>(right, 0.0)) };
            for row in 0..ROWS {
                let weight = V::splat(*weights.get_unchecked(key * lanes + row));
                tile[row] = [weight.mul_add(left, tile[row][0]), weight.mul_add(right, tile[row][1])];
            }
        }
        for (row, [left, right]) in tile.into_iter().enumerate() {
            let (scale, sums) = (V::splat(scales[row]), &mut sums[row * e..][..e]);
            for (part, added) in [(first..middle, left), (middle..end, right)] {
                let sums = &mut sums[part];
                store(load::<V>(sums, 0.0).mul_add(scale, added), sums);
            }
        }
    }
}
