//! Attention to any number of keys, block by block, with an online softmax (Milakov and Gimelshein 2018,
//! <https://arxiv.org/abs/1805.02867>; FlashAttention, Dao et al. 2022, <https://arxiv.org/abs/2205.14135>).
//!
//! Each lane is a query, and the scores of a key are one wide vector: the softmax is lane-wise, without horizontal
//! operations.

use super::super::pair::Pair;
use super::super::vector::{Lanes, OutlinedKernel, Vector, at_most};
use super::adjust::{Adjust, BiasRows};
use super::block::{Block, QUERIES, Rows, aligned};
use super::narrowed::widen_rows;
use super::prefetch::{IndexedRows, Prefetch};
use super::scores::{FEW_QUERIES, FewScores, Scores, transpose_queries};
use super::softmax::{EXP2_SCALE, Softmax};
use super::values::Values;
use crate::cpu::kernels::matrix::Matrix;

/// The keys of a block: with their values and scores they stay in the L2 cache. The fastest for 512 and 2048 keys of 64
/// elements, with AVX-512 and with AVX2. For few queries, keys and values that are widened stay in the L1 cache: they are read once.
#[inline(always)]
fn keys_at_once<V: Vector>(block: &Block<'_, f32>) -> usize {
    match block.narrowed.is_some() && are_few::<V>(block) {
        true => 64,
        false if V::LANES < 16 => 256,
        false => 512,
    }
}

/// Whether the queries would leave most lanes empty. By the whole sequence, not by the remainder of a tile: in a longer batch these
/// queries would not be few.
#[inline(always)]
fn are_few<V: Vector>(block: &Block<'_, f32>) -> bool {
    block.whole[0] <= at_most::<V>(FEW_QUERIES) && block.whole[1] > FEW_QUERIES
}

/// With fewer keys nothing is prefetched: they are near.
const MIN_KEYS_TO_PREFETCH: usize = 64;
/// The groups of queries that share a block of keys before the next one is read: their state stays in the L2 cache.
pub(super) const GROUPS: usize = 8;
/// While the sum of exponentials is below this, none is too large to be multiplied by values, nor much less exact than
/// relative to the true maximum.
pub(super) const MAX_SUM: f32 = EXP2_SCALE * (1_u64 << 32) as f32;

/// [`attend`](super::attend), in this memory.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn attend<V: Vector>(block: &Block<'_, f32>, memory: &mut Vec<f32>, out: &mut [f32]) -> bool {
    let [d, e] = block.size;
    let (rows, lanes, keys) = (block.valid.counts.len() * block.heads, 2 * V::LANES, keys_at_once::<V>(block));
    // Each part of the scratch buffer is aligned to a cache line.
    let [for_q, for_sums, for_scores] = [d * lanes, (e + 2) * lanes, keys * lanes].map(|len| len.next_multiple_of(16));
    let most_groups = rows.div_ceil(lanes).min(GROUPS);
    // Widened keys and values stay in the L2 cache with the rest.
    let for_wide = if block.narrowed.is_some() { (keys * (d + e)).next_multiple_of(16) } else { 0 };
    let memory = aligned(memory, for_scores + for_wide + most_groups * (for_q + for_sums));
    let (scores, rest) = memory.split_at_mut(for_scores);
    let (wide, states) = rest.split_at_mut(for_wide);
    let mut finite = true;
    for first_row in (0..rows).step_by(GROUPS * lanes) {
        let groups = (first_row..rows).step_by(lanes).take(GROUPS);
        let groups: Vec<Rows> = groups.map(|first| Rows::new(block, first, lanes_for::<V>(rows - first))).collect();
        let most = groups.iter().map(|rows| rows.most - rows.start).max().unwrap_or(0);
        let end = groups.iter().map(|rows| rows.most).max().unwrap_or(0);
        // All groups use a block of keys before the next one is read.
        let parts = most.div_ceil(keys).max(1);
        for part in 0..block.key_heads * parts {
            let (first_key, next_key) = (part % parts * keys, (part + 1) % parts * keys);
            let has_next =
                part + 1 < block.key_heads * parts && most > MIN_KEYS_TO_PREFETCH && block.narrowed.is_none();
            let next_count = if has_next { keys.min(most - next_key) } else { 0 };
            let (of_head, out) = block.of_head(part / parts, out);
            let states = states.chunks_exact_mut(for_q + for_sums);
            // The first of the keys that are widened.
            let mut widened = None;
            for (group, (rows, state)) in groups.iter().zip(states).enumerate() {
                let (q, sums) = state.split_at_mut(for_q);
                let next = [(part + 1) / parts, rows.start + next_key];
                let prefetch = Prefetch::new(block, next, next_count, [group, groups.len()], rows);
                // Each group begins with its own first valid key, whatever other groups share the call.
                let first = rows.start + first_key;
                let of_head = if let (Some([k, v]), true) = (of_head.narrowed, first < rows.most) {
                    let count = keys.min(end - first);
                    let (wide_k, wide_v) = wide.split_at_mut(keys * d);
                    if widened != Some(first) {
                        // SAFETY: the caller's.
                        unsafe {
                            widen_rows::<V>(k.from(first * k.stride), [count, d], wide_k);
                            widen_rows::<V>(v.from(first * v.stride), [count, e], wide_v);
                        }
                        widened = Some(first);
                    }
                    let [k, v] =
                        [(wide_k, d), (wide_v, e)].map(|(wide, size)| Matrix { elements: &*wide, strides: [size, 1] });
                    Block { k, v, ..of_head }
                } else {
                    of_head
                };
                // SAFETY: the caller's.
                finite &= unsafe { attend_keys::<V>(&of_head, rows, first_key, [q, scores, sums], &prefetch, out) };
            }
        }
    }
    finite
}

/// The smallest sufficient number of lanes: half a vector, one, one and a half, or two.
#[inline(always)]
fn lanes_for<V: Vector>(queries: usize) -> usize {
    let (whole, half) = (V::LANES, V::Half::LANES);
    [half, whole, whole + half].into_iter().find(|&lanes| lanes >= queries).unwrap_or(2 * whole)
}

/// Runs a kernel over the vector with this number of lanes.
///
/// # Safety
/// The processor has the instructions of `V`, and the lanes are those of [`lanes_for`].
#[inline(always)]
unsafe fn call<V: Vector, R: OutlinedKernel>(lanes: usize, routine: R) -> R::Output {
    let (whole, half) = (V::LANES, V::Half::LANES);
    // SAFETY: the caller's.
    unsafe {
        if lanes == half {
            V::Half::call::<V::Half, R>(routine)
        } else if lanes == whole {
            V::call::<V, R>(routine)
        } else if lanes == whole + half {
            V::call::<Pair<V, V::Half>, R>(routine)
        } else {
            V::call::<Pair<V, V>, R>(routine)
        }
    }
}

/// [`attend`] for these rows of a head and one block of keys. The transposed queries, the sums, and the running maximum
/// and sum of exponentials are kept until the next block.
///
/// # Safety
/// The processor has the instructions of `V`, and the lanes are those of [`lanes_for`].
#[inline(always)]
unsafe fn attend_keys<V: Vector>(
    block: &Block<'_, f32>,
    rows: &Rows,
    first_key: usize,
    [q, scores, sums]: [&mut [f32]; 3],
    prefetch: &Prefetch<'_>,
    out: &mut [f32],
) -> bool {
    let ([d, e], lanes) = (block.size, rows.lanes);
    let (first, has_previous) = (rows.start + first_key, first_key > 0);
    if rows.most <= first {
        if !has_previous {
            rows.clear(out, e);
        }
        return true;
    }
    let keys = keys_at_once::<V>(block).min(rows.most - first);
    let (last, some_end) = (first + keys == rows.most, first + keys > rows.fewest);
    let few = are_few::<V>(block);
    let (max_and_sum, sums) = sums.split_at_mut(2 * lanes);
    let scores = &mut scores[..keys * lanes];
    let q = &mut q[..d * lanes];
    if !has_previous {
        // Exponentials to base 2 take fewer steps.
        let scale = block.scale * std::f32::consts::LOG2_E;
        if few {
            for (to, &start) in q.chunks_exact_mut(d.max(1)).zip(&rows.q[..rows.len]) {
                to.iter_mut().zip(&block.q[start..][..d]).for_each(|(to, x)| *to = x * scale);
            }
        } else {
            // SAFETY: the caller's.
            unsafe { transpose_queries::<V>(q, block.q, &rows.q[..lanes], d, scale) };
        }
    }
    let results = IndexedRows {
        from: out,
        starts: if last && rows.most > MIN_KEYS_TO_PREFETCH { &rows.out[..rows.len] } else { &[] },
    };
    // What was widened begins with the first of them.
    let at = if block.narrowed.is_some() { 0 } else { first };
    let (k, v) = (block.k.part(at, 0), block.v.part(at, 0));
    let mut scales = [1.0; QUERIES];
    // Optimistically exponentiates the scores at once, where nothing is masked, relative to an early maximum.
    let mut have_exponentials = false;
    if !few && !some_end && block.valid.allowed.is_none() && !block.is_adjusted() {
        let mut before = [0.0; QUERIES];
        before[..lanes].copy_from_slice(&max_and_sum[lanes..]);
        // SAFETY: the caller's.
        unsafe {
            call::<V, _>(
                lanes,
                Scores { q, k, d, scores, max_and_sum: Some(max_and_sum), has_previous, prefetch, results },
            )
        };
        // A NaN fails this. No early exit, so that it is vectorised.
        have_exponentials = max_and_sum[lanes..].iter().fold(true, |all, &total| all & (total < MAX_SUM));
        if !have_exponentials {
            max_and_sum[lanes..].copy_from_slice(&before[..lanes]);
        }
    }
    if !have_exponentials {
        // SAFETY: the caller's.
        unsafe {
            if few {
                V::call::<V, _>(FewScores { q, queries: rows.len, k, d, scores, lanes });
            } else {
                call::<V, _>(lanes, Scores { q, k, d, scores, max_and_sum: None, has_previous, prefetch, results });
            }
        }
        // SAFETY: the caller's.
        unsafe { softmax::<V>(block, rows, first, scores, max_and_sum, has_previous, &mut scales) };
    }
    let inverse = if last { inverse_sums(block, rows, max_and_sum) } else { [0.0; QUERIES] };
    let values = Values::<1> {
        v,
        size: [keys, e],
        weights: scores,
        lanes,
        before: has_previous.then_some(&scales),
        inverse: last.then_some(&inverse[..]),
        sums,
        out,
        out_starts: &rows.out[..rows.len],
    };
    // SAFETY: the caller's.
    unsafe { V::call::<V, _>(values) }
}

/// The exponentials of the scores of these rows for some keys, from this one on, and their running maximum and sum.
///
/// # Safety
/// The processor has the instructions of `V`, and the lanes are those of [`lanes_for`].
#[inline(always)]
pub(super) unsafe fn softmax<V: Vector>(
    block: &Block<'_, f32>,
    rows: &Rows,
    first: usize,
    scores: &mut [f32],
    max_and_sum: &mut [f32],
    has_previous: bool,
    scales: &mut [f32; QUERIES],
) {
    let (lanes, keys) = (rows.lanes, scores.len() / rows.lanes);
    if block.is_adjusted() {
        let starts = block.bias.map_or([0; QUERIES], |bias| rows.bias_starts(&bias, block.heads, first));
        let bias = block.bias.map(|bias| BiasRows { elements: bias.elements, starts: &starts });
        let adjust = Adjust::<false> { scores, lanes, keys, cap: block.soft_cap, bias };
        // SAFETY: the caller's.
        unsafe { V::call::<V, _>(adjust) };
    }
    for row in 0..rows.len {
        let Some(allowed) = rows.allowed(row, block) else { break };
        let allowed = &allowed[first..][..keys];
        for (scores, _) in scores.chunks_exact_mut(lanes).zip(allowed).filter(|(_, allowed)| !**allowed) {
            scores[row] = f32::NEG_INFINITY;
        }
    }
    let some_end = first + keys > rows.fewest;
    let mut counts = [0.0; QUERIES];
    if some_end {
        counts.iter_mut().zip(rows.counts).for_each(|(to, count)| *to = count.saturating_sub(first) as f32);
    }
    let counts = some_end.then_some(&counts);
    // SAFETY: the caller's.
    unsafe { call::<V, _>(lanes, Softmax { scores, counts, max_and_sum, has_previous, scales }) };
}

/// After the last keys, with the sinks: zero where a query has no key.
pub(super) fn inverse_sums(block: &Block<'_, f32>, rows: &Rows, max_and_sum: &mut [f32]) -> [f32; QUERIES] {
    let lanes = rows.lanes;
    let mut inverse = [0.0; QUERIES];
    if let Some(sinks) = block.sinks {
        let (largest, totals) = max_and_sum.split_at_mut(lanes);
        for row in 0..rows.len {
            let sink = sinks[(rows.first + row) % block.heads] * std::f32::consts::LOG2_E;
            totals[row] += (sink - largest[row]).exp2() * EXP2_SCALE;
        }
    }
    inverse.iter_mut().zip(&max_and_sum[lanes..]).for_each(|(to, total)| *to = 1.0 / total);
    for row in 0..rows.len {
        if max_and_sum[lanes + row] == 0.0 && !rows.has_key(row, block) {
            inverse[row] = 0.0;
        }
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::super::super::dispatch::attend_at;
    use super::super::super::level::levels;
    use super::*;

    /// Exponentials of scores far above those before them are recomputed, and those far below are zero.
    #[test]
    fn scores_far_from_those_before_are_weighed_as_others() {
        let (queries, keys) = if cfg!(miri) { (5, 20) } else { (40, 1100) };
        let q: Vec<f32> = (0..queries).map(|query| query as f32 / queries as f32 - 0.5).collect();
        let v: Vec<f32> = (0..keys).map(|key| (key % 9) as f32 - 4.0).collect();
        let all_scores: [fn(usize) -> f32; 5] = [
            |key| key as f32,
            |key| -(key as f32),
            |key| if key % 16 == 9 { 900.0 } else { 0.0 },
            |key| if key > 1000 { 80.0 + key as f32 } else { 0.0 },
            |key| if key < 8 { -900.0 } else { (key % 7) as f32 },
        ];
        for (case, score) in all_scores.iter().enumerate() {
            let k: Vec<f32> = (0..keys).map(score).collect();
            let counts = vec![keys; queries];
            let block = Block::of_numbers([&q, &k, &v], 1.0, &counts);
            let expected = q.iter().map(|&q| {
                let score = |key: usize| f64::from(q) * f64::from(k[key]);
                let largest = (0..keys).map(score).fold(f64::MIN, f64::max);
                let weights = (0..keys).map(|key| (score(key) - largest).exp());
                let sum: f64 = weights.clone().zip(&v).map(|(weight, &v)| weight * f64::from(v)).sum();
                sum / weights.sum::<f64>()
            });
            let expected: Vec<f64> = expected.collect();
            for (name, level) in levels() {
                let mut found = vec![f32::NAN; queries];
                assert!(attend_at(level, &block, &mut found), "{name}: case {case} is not finite");
                for (found, expected) in found.iter().zip(&expected) {
                    // A score of up to 600 is off by up to 7e-5, and so are the logarithms of the weights; values are up to 4.
                    assert!(
                        (f64::from(*found) - expected).abs() < 5e-4,
                        "{name}: case {case}: {found} is not {expected}"
                    );
                }
            }
        }
    }
}
