//! Attention to any number of keys, some at a time, with a running softmax (Milakov and Gimelshein 2018,
//! <https://arxiv.org/abs/1805.02867>; Dao et al. 2022, <https://arxiv.org/abs/2205.14135>).
//!
//! Each lane is a query, and the scores of a key are one wide vector: the softmax goes down the keys, lane by lane, and
//! nothing is ever summed across a vector.

use super::super::pair::Pair;
use super::super::vector::{Routine, Vector, at_most};
use super::scores::{FEW, FewScores, Scores, turn};
use super::softmax::Softmax;
use super::values::Values;
use super::{Block, QUERIES, Rows, aligned};

/// The keys that are taken at a time: their scores stay in the first cache.
const KEYS: usize = 192;
/// The most times that the lanes hold other queries before the next keys are taken: what is kept of each stays in the
/// second cache.
const GROUPS: usize = 8;

/// [`attend`](super::attend), in this memory.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn attend<V: Vector>(block: &Block<'_, f32>, memory: &mut Vec<f32>, out: &mut [f32]) -> bool {
    let [d, e] = block.size;
    let (rows, lanes) = (block.live.counts.len() * block.heads, 2 * V::LANES);
    // Each part of the memory begins with a line of the cache.
    let [for_q, for_sums, for_scores] = [d * lanes, (e + 2) * lanes, KEYS * lanes].map(|len| len.next_multiple_of(16));
    let most_groups = rows.div_ceil(lanes).min(GROUPS);
    let memory = aligned(memory, for_scores + most_groups * (for_q + for_sums));
    let (scores, states) = memory.split_at_mut(for_scores);
    let mut finite = true;
    for first_row in (0..rows).step_by(GROUPS * lanes) {
        let groups: [Option<Rows>; GROUPS] = std::array::from_fn(|group| {
            let first = first_row + group * lanes;
            (first < rows).then(|| Rows::new(block, first, lanes_for::<V>(rows - first)))
        });
        let most = groups.iter().flatten().map(|rows| rows.most).max().unwrap_or(0);
        for head in 0..block.key_heads {
            let (block, out) = block.of_head(head, out);
            // All groups see some keys before the next ones are read.
            for first_key in (0..most.max(1)).step_by(KEYS) {
                for (rows, state) in groups.iter().flatten().zip(states.chunks_exact_mut(for_q + for_sums)) {
                    let (q, sums) = state.split_at_mut(for_q);
                    // SAFETY: the caller's.
                    finite &= unsafe { attend_keys::<V>(&block, rows, first_key, q, scores, sums, out) };
                }
            }
        }
    }
    finite
}

/// The lanes of one vector and a half, or two halves, that are enough for so many queries, if any are.
#[inline(always)]
fn lanes_for<V: Vector>(queries: usize) -> usize {
    let (whole, half) = (V::LANES, V::Half::LANES);
    [half, whole, whole + half].into_iter().find(|&lanes| lanes >= queries).unwrap_or(2 * whole)
}

/// Runs a routine over the vector that has as many lanes.
///
/// # Safety
/// The processor has the instructions of `V`, and the lanes are those of [`lanes_for`].
#[inline(always)]
unsafe fn call<V: Vector, R: Routine>(lanes: usize, routine: R) -> R::Output {
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

/// [`attend`] for these rows of a head, and for a part of the keys, from the first one on.
/// What is kept until the next part of the keys are the queries, a column each, and with the sums the largest scores and
/// their totals.
///
/// # Safety
/// The processor has the instructions of `V`, and the lanes are those of [`lanes_for`].
#[inline(always)]
unsafe fn attend_keys<V: Vector>(
    block: &Block<'_, f32>,
    rows: &Rows,
    first: usize,
    q: &mut [f32],
    scores: &mut [f32],
    sums: &mut [f32],
    out: &mut [f32],
) -> bool {
    let ([d, e], lanes) = (block.size, rows.lanes);
    if rows.most == 0 && first == 0 {
        rows.clear(out, e);
    }
    if rows.most <= first {
        return true;
    }
    let keys = KEYS.min(rows.most - first);
    let few = rows.len <= at_most::<V>(FEW);
    let (totals, sums) = sums.split_at_mut(2 * lanes);
    let scores = &mut scores[..keys * lanes];
    let q = &mut q[..d * lanes];
    if first == 0 {
        // In powers of two, an exponential takes fewer steps.
        let scale = block.scale * std::f32::consts::LOG2_E;
        if few {
            for (to, &start) in q.chunks_exact_mut(d.max(1)).zip(&rows.q[..rows.len]) {
                to.iter_mut().zip(&block.q[start..][..d]).for_each(|(to, x)| *to = x * scale);
            }
        } else {
            // SAFETY: the caller's.
            unsafe { turn::<V>(q, block.q, &rows.q[..lanes], d, scale) };
        }
    }
    let (k, v) = (block.k.part(first, 0), block.v.part(first, 0));
    // SAFETY: the caller's.
    unsafe {
        if few {
            V::call::<V, _>(FewScores { q, queries: rows.len, k, d, scores, lanes });
        } else {
            call::<V, _>(lanes, Scores { q, k, d, scores });
        }
    }
    for row in 0..rows.len {
        let Some(allowed) = rows.allowed(row, block) else { break };
        let allowed = &allowed[first..][..keys];
        for (scores, _) in scores.chunks_exact_mut(lanes).zip(allowed).filter(|(_, allowed)| !**allowed) {
            scores[row] = f32::NEG_INFINITY;
        }
    }

    let mut counts = [0.0; QUERIES];
    let some_end = first + keys > rows.fewest;
    if some_end {
        counts.iter_mut().zip(rows.counts).for_each(|(to, count)| *to = count.saturating_sub(first) as f32);
    }
    let (mut scales, mut inverse) = ([0.0; QUERIES], [0.0; QUERIES]);
    let softmax = Softmax {
        scores,
        counts: some_end.then_some(&counts),
        totals,
        goes_on: first > 0,
        scales: &mut scales,
        inverse: &mut inverse,
    };
    // SAFETY: the caller's.
    unsafe { call::<V, _>(lanes, softmax) };
    let last = first + keys == rows.most;
    if last {
        for row in 0..rows.len {
            if totals[lanes + row] == 0.0 && !rows.has_key(row, block) {
                inverse[row] = 0.0;
            }
        }
    }
    let values = Values::<1> {
        v,
        size: [keys, e],
        weights: scores,
        lanes,
        before: (first > 0).then_some(&scales),
        inverse: last.then_some(&inverse[..]),
        sums,
        out,
        places: &rows.out[..rows.len],
    };
    // SAFETY: the caller's.
    unsafe { V::call::<V, _>(values) }
}
