//! As [`many_keys`](super::many_keys), of pairs of `bf16`: their products are summed in `f32`, and so are the exponentials of the
//! softmax, which are rounded to `bf16` before they are multiplied by values, as in FlashAttention.
//!
//! Each weight is off by at most 2⁻⁸ of itself then, and a result by 2⁻⁸ of what the sizes of the values give, before it is rounded to
//! `bf16`, which is 2⁻⁸ of itself at most.

use super::super::terms::Bf16Pairs;
use super::super::vector::Lanes;
use super::block::{Block, PairInputs, QUERIES, Rows, aligned};
use super::many_keys::{GROUPS, MAX_SUM, inverse_sums, softmax};
use super::pair_scores::{PairQueries, PairScores, PairWeights, To};
use super::pair_values::{PackPairs, PairValues};
use half::bf16;
use std::cell::Cell;

/// The keys of a block: with their values and weights they stay in the L2 cache.
const KEYS: usize = 512;

thread_local! {
    /// Sums and scores, and pairs of numbers, kept for the next block.
    static SCRATCH: Cell<(Vec<f32>, Vec<u32>)> = const { Cell::new((Vec::new(), Vec::new())) };
}

/// As [`attend`](super::attend), of the pairs of a block.
///
/// # Safety
/// The processor has the instructions of the pairs; keys and values have elements.
pub unsafe fn attend<P: Bf16Pairs>(block: &Block<'_, f32>, out: &mut [bf16]) -> bool {
    let mut memory = SCRATCH.take();
    // SAFETY: the caller's.
    let finite = unsafe { attend_in::<P>(block, &mut memory, out) };
    SCRATCH.set(memory);
    finite
}

/// The memory of some queries, from one block of keys to the next.
struct State<'a> {
    /// A column of pairs for each of them.
    q: &'a mut [u32],
    /// The running maximum and the running sum of exponentials.
    max_and_sum: &'a mut [f32],
    /// A row of sums for each of them.
    sums: &'a mut [f32],
}

/// The memory of a block of keys.
struct OfKeys<'a> {
    scores: &'a mut [f32],
    weights: &'a mut [u32],
    /// The values, in pairs.
    v: &'a mut [u32],
}

/// # Safety
/// As of [`attend`].
unsafe fn attend_in<P: Bf16Pairs>(
    block: &Block<'_, f32>,
    (numbers, pairs): &mut (Vec<f32>, Vec<u32>),
    out: &mut [bf16],
) -> bool {
    let ([d, e], width) = (block.size, <P::Lanes as Lanes>::LANES);
    let rows = block.valid.counts.len() * block.heads;
    let (lanes, e) = (2 * width, e.next_multiple_of(width));
    let keys = KEYS.min(block.valid.counts.iter().copied().max().unwrap_or(0).next_multiple_of(2));
    let groups = rows.div_ceil(lanes).min(GROUPS);
    let (for_q, for_sums) = (d.div_ceil(2) * lanes, (e + 2) * lanes);
    let (scores, states) = aligned(numbers, keys * lanes + groups * for_sums).split_at_mut(keys * lanes);
    let (of_keys, queries) =
        aligned(pairs, keys / 2 * (lanes + e) + groups * for_q).split_at_mut(keys / 2 * (lanes + e));
    let (weights, v) = of_keys.split_at_mut(keys / 2 * lanes);
    let mut of_keys = OfKeys { scores, weights, v };
    let mut finite = true;
    for first_row in (0..rows).step_by(GROUPS * lanes) {
        let groups = (first_row..rows).step_by(lanes).take(GROUPS);
        let lanes_for = |first: usize| if rows - first <= width { width } else { lanes };
        let groups: Vec<Rows> = groups.map(|first| Rows::new(block, first, lanes_for(first))).collect();
        let most = groups.iter().map(|rows| rows.most - rows.start).max().unwrap_or(0);
        let end = groups.iter().map(|rows| rows.most).max().unwrap_or(0);
        // All groups use a block of keys before the next one is read.
        let parts = most.div_ceil(KEYS).max(1);
        for part in 0..block.key_heads * parts {
            let first_key = part % parts * KEYS;
            let (of_head, out) = block.of_head(part / parts, out);
            let PairInputs { v, .. } = of_head.pairs.expect("pairs");
            let states = states.chunks_exact_mut(for_sums).zip(queries.chunks_exact_mut(for_q));
            // The first of the keys whose values are packed.
            let mut packed = None;
            for (rows, (sums, q)) in groups.iter().zip(states) {
                // Each group begins with its own first valid key, whatever other groups share the call.
                let first = rows.start + first_key;
                if first < rows.most && packed != Some(first) {
                    let size = [KEYS.min(end - first), block.size[1]];
                    let pack = PackPairs { v: v.part(first, 0), size, width: e, to: of_keys.v };
                    // SAFETY: the caller's.
                    unsafe { P::call(pack) };
                    packed = Some(first);
                }
                let (max_and_sum, sums) = sums.split_at_mut(2 * rows.lanes);
                let state = State { q, max_and_sum, sums };
                // SAFETY: the caller's.
                finite &= unsafe { attend_keys::<P>(&of_head, rows, first_key, state, &mut of_keys, out) };
            }
        }
    }
    finite
}

/// [`attend`] for these rows of a head and one block of keys.
///
/// # Safety
/// As of [`attend`].
unsafe fn attend_keys<P: Bf16Pairs>(
    block: &Block<'_, f32>,
    rows: &Rows,
    first_key: usize,
    State { q, max_and_sum, sums }: State<'_>,
    OfKeys { scores, weights, v }: &mut OfKeys<'_>,
    out: &mut [bf16],
) -> bool {
    let ([d, e], lanes, inputs) = (block.size, rows.lanes, block.pairs.expect("pairs"));
    let (first, has_previous) = (rows.start + first_key, first_key > 0);
    if rows.most <= first {
        if !has_previous {
            rows.clear(out, e);
        }
        return true;
    }
    let keys = KEYS.min(rows.most - first);
    let (last, some_end) = (first + keys == rows.most, first + keys > rows.fewest);
    if !has_previous {
        // SAFETY: the caller's.
        unsafe { P::call(PairQueries { q: inputs.q, starts: &rows.q[..lanes], d, to: q }) };
    }
    let (k, size) = (inputs.k.part(first, 0), [keys, d]);
    // Exponentials to base 2 take fewer steps.
    let scale = block.scale * std::f32::consts::LOG2_E;
    let mut scales = [1.0; QUERIES];
    // Optimistically exponentiates the scores at once, where nothing is masked, relative to an early maximum.
    let mut have_weights = false;
    if !some_end && block.valid.allowed.is_none() && !block.is_adjusted() {
        let mut before = [0.0; QUERIES];
        before[..lanes].copy_from_slice(&max_and_sum[lanes..]);
        let to = To::Weights { weights, max_and_sum, has_previous };
        // SAFETY: the caller's.
        unsafe { P::call(PairScores { q, lanes, k, size, scale, to }) };
        // A NaN fails this. No early exit, so that it is vectorised.
        have_weights = max_and_sum[lanes..].iter().fold(true, |all, &total| all & (total < MAX_SUM));
        if !have_weights {
            max_and_sum[lanes..].copy_from_slice(&before[..lanes]);
        }
    }
    if !have_weights {
        let scores = &mut scores[..keys * lanes];
        // SAFETY: the caller's.
        unsafe {
            P::call(PairScores { q, lanes, k, size, scale, to: To::Scores(scores) });
            softmax::<P::Lanes>(block, rows, first, scores, max_and_sum, has_previous, &mut scales);
            P::call(PairWeights { exponentials: scores, lanes, keys, weights });
        }
    }
    let inverse = if last { inverse_sums(block, rows, max_and_sum) } else { [0.0; QUERIES] };
    let values = PairValues {
        v,
        width: e.next_multiple_of(<P::Lanes as Lanes>::LANES),
        size: [keys, e],
        weights,
        lanes,
        before: has_previous.then_some(&scales),
        inverse: last.then_some(&inverse),
        sums,
        out,
        out_starts: &rows.out[..rows.len],
    };
    // SAFETY: the caller's.
    unsafe { P::call(values) }
}
