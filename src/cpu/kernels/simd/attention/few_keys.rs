//! Attention to few keys, as in short texts.
//!
//! A group of four lanes holds four elements of a query. So queries are not transposed, and hardly a lane is empty
//! whatever their number. The sums of each group are the scores of four keys, side by side.

use super::super::vector::{OutlinedKernel, Vector, dispatch_rows, even_chunks};
use super::adjust::{Adjust, BiasRows};
use super::block::{Block, QUERIES, Rows, aligned};
use super::scores::FEW_QUERIES;
use super::softmax::exp2_scaled;
use super::values::Values;
use crate::cpu::kernels::matrix::Matrix;

/// The most keys: for more, it pays to transpose the queries.
pub const MAX_KEYS: usize = 64;
/// The vectors of queries in a tile that keep the processor busy.
const TILE_ROWS: usize = 5;

/// Whether vectors are so wide that many lanes of [`many_keys`](super::many_keys) would be empty.
pub const fn suits_vector<V: Vector>() -> bool {
    V::LANES > 8
}

/// Whether this kernel is faster for a block. It depends on the whole sequence only, so that a text gives the same in any
/// batch.
pub fn suits(block: &Block<'_, f32>) -> bool {
    let [queries, keys] = block.whole;
    (queries > FEW_QUERIES || keys <= FEW_QUERIES)
        && keys <= MAX_KEYS
        && block.size[0] > 0
        && block.size[0].is_multiple_of(4)
}

/// [`attend`](super::attend) for few keys; `memory` is scratch.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn attend<V: Vector>(block: &Block<'_, f32>, memory: &mut Vec<f32>, out: &mut [f32]) -> bool {
    let [d, e] = block.size;
    let mut finite = true;
    for first in (0..block.valid.counts.len() * block.heads).step_by(QUERIES) {
        let rows = Rows::new(block, first, QUERIES);
        let keys = rows.most;
        let vectors = rows.len.div_ceil(V::LANES / 4);
        let lanes = vectors * (V::LANES / 4);
        let memory = aligned(memory, (keys.next_multiple_of(4) + d) * lanes);
        let (scores, q) = memory.split_at_mut(keys.next_multiple_of(4) * lanes);
        let (mut counts, mut inverse) = ([0.0; 4 * QUERIES], [0.0; 4 * QUERIES]);
        for (to, count) in counts.as_chunks_mut::<4>().0.iter_mut().zip(rows.counts).take(rows.len) {
            *to = [count as f32; 4];
        }
        for head in 0..block.key_heads {
            let (block, out) = block.of_head(head, out);
            if keys == 0 {
                rows.clear(out, e);
                continue;
            }
            let scale = block.scale * std::f32::consts::LOG2_E;
            let products =
                Scores { from: block.q, starts: &rows.q[..lanes], scale, q, k: block.k, size: [keys, d], scores };
            // SAFETY: the caller's.
            unsafe { V::call::<V, _>(products) };
            if block.is_adjusted() {
                let starts = block.bias.map_or([0; QUERIES], |bias| rows.bias_starts(&bias, block.heads, 0));
                let bias = block.bias.map(|bias| BiasRows { elements: bias.elements, starts: &starts });
                let adjust = Adjust::<true> { scores, lanes, keys, cap: block.soft_cap, bias };
                // SAFETY: the caller's.
                unsafe { V::call::<V, _>(adjust) };
            }
            for row in 0..rows.len {
                let Some(allowed) = rows.allowed(row, &block) else { break };
                for (key, _) in allowed[..keys].iter().enumerate().filter(|(_, allowed)| !**allowed) {
                    scores[(key / 4 * lanes + row) * 4 + key % 4] = f32::NEG_INFINITY;
                }
            }
            let sinks = block.sinks.map(|sinks| {
                let mut of_rows = [0.0; 4 * QUERIES];
                for (row, to) in of_rows.as_chunks_mut::<4>().0.iter_mut().enumerate().take(rows.len) {
                    *to = [sinks[(first + row) % block.heads] * std::f32::consts::LOG2_E; 4];
                }
                of_rows
            });
            let (fewest, sinks) = (rows.fewest, sinks.as_ref());
            let softmax = Softmax { scores, vectors, counts: &counts, fewest, sinks, inverse: &mut inverse };
            // SAFETY: the caller's.
            unsafe { V::call::<V, _>(softmax) };
            if rows.fewest == 0 || block.valid.allowed.is_some() || block.bias.is_some() {
                for row in (0..rows.len).filter(|&row| !rows.has_key(row, &block)) {
                    inverse[4 * row] = 0.0;
                }
            }
            let values = Values::<4> {
                v: block.v,
                size: [keys, e],
                weights: scores,
                lanes,
                before: None,
                inverse: Some(&inverse),
                sums: &mut [],
                out,
                out_starts: &rows.out[..rows.len],
            };
            // SAFETY: the caller's.
            finite &= unsafe { V::call::<V, _>(values) };
        }
    }
    finite
}

/// The scores of keys for queries: for each four keys, a row of four scores for each query.
struct Scores<'a> {
    /// The queries, each from its start on, and the scale.
    from: &'a [f32],
    starts: &'a [usize],
    scale: f32,
    /// Four elements of each query, then the next four.
    q: &'a mut [f32],
    k: Matrix<'a, f32>,
    /// The number of keys, and the size of each.
    size: [usize; 2],
    scores: &'a mut [f32],
}

impl OutlinedKernel for Scores<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Scores { from, starts, scale, q, k, size: [keys, d], scores } = self;
        let of_vector = V::LANES / 4;
        let vectors = starts.len() / of_vector;
        assert!(
            d > 0 && d.is_multiple_of(4) && starts.iter().all(|start| start + d <= from.len()),
            "queries end too soon"
        );
        assert!(
            q.len() >= d * starts.len() && scores.len() >= keys.div_ceil(4) * 4 * starts.len(),
            "rooms end too soon"
        );
        assert!(keys == 0 || k.lies_inside([keys, d]), "keys end too soon");
        // SAFETY: the caller's; the assertions are that all slices are long enough.
        unsafe {
            let scale = V::splat(scale);
            for vector in 0..vectors {
                // Entries beyond the number of groups are not read.
                let start = |i: usize| *starts.get_unchecked(vector * of_vector + i.min(of_vector - 1));
                let starts = [start(0), start(1), start(2), start(3)];
                for column in (0..d).step_by(4) {
                    let row = |i: usize| from.get_unchecked(starts[i] + column..);
                    let fours = V::load_groups([row(0), row(1), row(2), row(3)]);
                    fours.mul(scale).store(q.get_unchecked_mut((column / 4 * vectors + vector) * V::LANES..));
                }
            }
            for (first, count) in even_chunks(vectors, tile::<V>()) {
                for four in 0..keys.div_ceil(4) {
                    let row = |i: usize| (4 * four + i).min(keys - 1) * k.strides[0];
                    let rows = [row(0), row(1), row(2), row(3)];
                    let scores = scores.get_unchecked_mut((four * vectors + first) * V::LANES..);
                    let q = q.get_unchecked(first * V::LANES..);
                    dispatch_rows!(count, tile::<V>(), score_tile::<V>(q, vectors, k.elements, rows, d, scores));
                }
            }
        }
    }
}

/// As many vectors of queries as fit into registers, with their sums for four keys.
const fn tile<V: Vector>() -> usize {
    if V::TILE / 2 < TILE_ROWS { V::TILE / 2 } else { TILE_ROWS }
}

/// # Safety
/// The processor has the instructions of `V`, and the slices are long enough.
#[inline(always)]
unsafe fn score_tile<V: Vector, const VECTORS: usize>(
    q: &[f32],
    vectors: usize,
    k: &[f32],
    rows: [usize; 4],
    d: usize,
    scores: &mut [f32],
) {
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [[V::splat(0.0); 4]; VECTORS];
        for column in (0..d).step_by(4) {
            let q = q.get_unchecked(column / 4 * vectors * V::LANES..);
            for key in 0..4 {
                let k = V::splat_group(k.get_unchecked(rows[key] + column..));
                for vector in 0..VECTORS {
                    sums[vector][key] = V::load(q.get_unchecked(vector * V::LANES..)).accumulate(k, sums[vector][key]);
                }
            }
        }
        for vector in 0..VECTORS {
            V::group_sums(sums[vector]).store(scores.get_unchecked_mut(vector * V::LANES..));
        }
    }
}

/// Exponentiates the scores and sums them.
struct Softmax<'a> {
    scores: &'a mut [f32],
    /// How many vectors there are of each four keys.
    vectors: usize,
    /// The number of leading keys that each query may attend to, and the smallest of them.
    counts: &'a [f32; 4 * QUERIES],
    fewest: usize,
    /// What is exponentiated beside the scores of each query.
    sinks: Option<&'a [f32; 4 * QUERIES]>,
    /// The inverse sums of exponentials.
    inverse: &'a mut [f32; 4 * QUERIES],
}

impl OutlinedKernel for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Softmax { scores, vectors, counts, fewest, sinks, inverse } = self;
        let step = vectors * V::LANES;
        for vector in 0..vectors {
            let first = vector * V::LANES;
            // SAFETY: the caller's; of each vector there are scores, counts and inverses.
            unsafe {
                let nothing = V::splat(f32::NEG_INFINITY);
                let count = V::load(&counts[first..]);
                let mut key = V::splat_group(&[0.0, 1.0, 2.0, 3.0]).add(V::splat((fewest / 4 * 4) as f32));
                for at in (first + fewest / 4 * step..scores.len()).step_by(step) {
                    let scores = &mut scores[at..];
                    key.select_less(count, V::load(scores), nothing).store(scores);
                    key = key.add(V::splat(4.0));
                }
                let mut largest = nothing;
                for at in (first..scores.len()).step_by(step) {
                    largest = largest.max(V::load(&scores[at..]));
                }
                let largest = V::group_maxima([largest; 4]);
                // Without a valid key, any finite value will do.
                let center = nothing.select_less(largest, largest, V::splat(0.0));
                let mut total = V::splat(0.0);
                for at in (first..scores.len()).step_by(step) {
                    let exp2_scaled = exp2_scaled(V::load(&scores[at..]).sub(center));
                    total = total.add(exp2_scaled);
                    exp2_scaled.store(&mut scores[at..]);
                }
                let mut total = V::group_sums([total; 4]);
                if let Some(sinks) = sinks {
                    total = total.add(exp2_scaled(V::load(&sinks[first..]).sub(center)));
                }
                V::splat(1.0).div(total).store(&mut inverse[first..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::portable::Portable;
    use super::super::block::{Bias, ValidKeys};
    use super::super::many_keys;
    use super::*;

    /// With plain numbers, which need no instructions: they attend here nowhere else.
    #[test]
    fn few_keys_are_attended_to_as_many_are() {
        let mut rng = fastrand::Rng::with_seed(1);
        for case in 0..if cfg!(miri) { 4 } else { 200 } {
            let most = if cfg!(miri) { 6 } else { MAX_KEYS };
            let (queries, key_heads, heads) = (rng.usize(1..most + 1), rng.usize(1..3), rng.usize(1..3));
            let (keys, d, e) = (rng.usize(1..most + 1), 4 * rng.usize(1..6), rng.usize(1..20));
            let mut random = |len| -> Vec<f32> { (0..len).map(|_| rng.f32() - 0.5).collect() };
            let [q, k, v] =
                [queries * heads * key_heads * d, keys * key_heads * d, keys * key_heads * e].map(&mut random);
            let mut bias = random(key_heads * heads * queries * keys);
            bias.iter_mut().step_by(7).for_each(|x| *x = f32::NEG_INFINITY);
            let sinks = random(key_heads * heads);
            let counts: Vec<usize> =
                (0..queries).map(|_| if case % 2 == 0 { keys } else { rng.usize(0..keys + 1) }).collect();
            let allowed: Vec<bool> = (0..queries * keys).map(|_| rng.bool()).collect();
            let block = Block {
                size: [d, e],
                whole: [queries * heads, keys],
                key_heads,
                heads,
                q: &q,
                q_strides: [key_heads * heads * d, d],
                k: Matrix { elements: &k, strides: [key_heads * d, 1] },
                v: Matrix { elements: &v, strides: [key_heads * e, 1] },
                head_strides: [d, e],
                narrowed: None,
                pairs: None,
                scale: 2.0,
                soft_cap: (case % 3 == 1).then_some(1.5),
                bias: (case % 5 > 2).then_some(Bias { elements: &bias, strides: [keys, queries * keys] }),
                sinks: (case % 7 > 3).then_some(&sinks),
                valid: ValidKeys { counts: &counts, allowed: (case % 4 > 1).then_some(&allowed), heads },
                out_stride: key_heads * heads * e,
            };
            let mut found = vec![f32::NAN; queries * key_heads * heads * e];
            let mut expected = found.clone();
            // SAFETY: plain numbers need no instructions.
            unsafe {
                assert!(attend::<Portable>(&block, &mut vec![], &mut found));
                assert!(many_keys::attend::<Portable>(&block, &mut vec![], &mut expected));
            }
            for (found, expected) in found.iter().zip(expected) {
                // Sums of numbers below 1, in another order.
                assert!((found - expected).abs() < 1e-6, "{found} is not {expected}: {block:?}");
            }
        }
    }
}
