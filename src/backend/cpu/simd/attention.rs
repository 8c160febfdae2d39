//! Attention of a block of queries in one pass over the keys, with a running softmax (Milakov and Gimelshein 2018,
//! <https://arxiv.org/abs/1805.02867>; Dao et al. 2022, <https://arxiv.org/abs/2205.14135>).
//!
//! Each lane is a query, and the scores of a key are one wide vector: the softmax goes down the keys, lane by lane, and
//! nothing is ever summed across a vector. No lane knows of the others, so that what a query gives does not depend on
//! which queries are taken with it.

mod scores;
mod softmax;
mod values;

use super::pair::Pair;
use super::vector::{MAX_LANES, Routine, Vector, at_most};
use crate::backend::cpu::matmul::Matrix;
use scores::{FewScores, Scores, turn};
use softmax::Softmax;
use std::cell::Cell;
use values::Values;

/// The keys that are taken at a time: their scores stay in the first cache.
const KEYS: usize = 192;
/// The most queries that lanes hold.
const QUERIES: usize = 2 * MAX_LANES;
/// So few queries take the elements of a key side by side: of the lanes, they would leave most empty.
const FEW: usize = 4;
/// The rows of a tile that are enough to keep a processor busy: each number of rows is code to compile.
const ENOUGH: usize = 8;
/// The most times that they hold others before the next keys are taken: what is kept of each stays in the second cache.
const GROUPS: usize = 8;

/// Which keys each query of a block may attend to.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    /// For each query, how many of the first keys.
    pub counts: &'a [usize],
    /// For each query and each of all keys, whether the key is not excluded.
    pub allowed: Option<&'a [bool]>,
}

/// Some queries of the heads that share the keys and values of one head.
///
/// The elements of a query, of a key and of a value lie together.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a, T> {
    /// The sizes of a key and of a value.
    pub size: [usize; 2],
    /// How many heads the queries have.
    pub heads: usize,
    /// The queries.
    pub q: &'a [T],
    /// From a query to the next, and from a head to the next.
    pub q_strides: [usize; 2],
    /// The keys.
    pub k: Matrix<'a, T>,
    /// The values.
    pub v: Matrix<'a, T>,
    /// The factor of the scores.
    pub scale: T,
    /// What each query may attend to.
    pub live: Live<'a>,
    /// From the result of a query to that of the next; the heads of a query lie side by side.
    pub out_stride: usize,
}

thread_local! {
    /// The queries, scores and sums of a block, kept for the next one.
    static SCRATCH: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// `out` becomes `softmax(scale · q · kᵀ) · v` on the live keys, zeros where a query has none. Whether all of it is
/// finite: if not, something masked may have reached it.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn attend<V: Vector>(block: &Block<'_, f32>, out: &mut [f32]) -> bool {
    let [d, e] = block.size;
    let (rows, lanes) = (block.live.counts.len() * block.heads, 2 * V::LANES);
    // Each part of the memory begins with a line of the cache.
    let [for_q, for_sums, for_scores] = [d * lanes, (e + 2) * lanes, KEYS * lanes].map(|len| len.next_multiple_of(16));
    let most_groups = rows.div_ceil(lanes).min(GROUPS);
    let mut memory = SCRATCH.take();
    let needed = for_scores + most_groups * (for_q + for_sums) + 15;
    if memory.len() < needed {
        memory.resize(needed, 0.0);
    }
    let start = memory.as_ptr().align_offset(64).min(15);
    let (scores, states) = memory[start..].split_at_mut(for_scores);

    let mut finite = true;
    for first_row in (0..rows).step_by(GROUPS * lanes) {
        let end = rows.min(first_row + GROUPS * lanes);
        let queries = first_row / block.heads..(end - 1) / block.heads + 1;
        let most = block.live.counts[queries].iter().copied().max().unwrap_or(0);
        // All groups see some keys before the next ones are read.
        for first_key in (0..most.max(1)).step_by(KEYS) {
            let groups = (first_row..end).step_by(lanes);
            for (first, state) in groups.zip(states.chunks_exact_mut(for_q + for_sums)) {
                let left = end - first;
                let (q, sums) = state.split_at_mut(for_q);
                // SAFETY: the caller's.
                finite &=
                    unsafe { attend_keys::<V>(block, [first, first_key], lanes_for::<V>(left), q, scores, sums, out) };
            }
        }
    }
    SCRATCH.set(memory);
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

/// Where the queries in the lanes are, and what they may attend to.
struct Rows {
    /// Which row the first of them is.
    first: usize,
    /// The first element of each query.
    q: [usize; QUERIES],
    /// The first element of each result.
    out: [usize; QUERIES],
    /// How many keys each may attend to.
    counts: [usize; QUERIES],
    len: usize,
    fewest: usize,
    most: usize,
}

impl Rows {
    /// A row is a query of a head; the heads of a query are one after another.
    #[inline(always)]
    fn new(block: &Block<'_, f32>, first: usize, lanes: usize) -> Self {
        let len = lanes.min(block.live.counts.len() * block.heads - first);
        let [mut q, mut out, mut counts] = [[0; QUERIES]; 3];
        let (mut fewest, mut most) = (usize::MAX, 0);
        let (mut query, mut head) = (first / block.heads, first % block.heads);
        for ((q, out), to) in q.iter_mut().zip(&mut out).zip(&mut counts).take(len) {
            let count = block.live.counts[query];
            *q = query * block.q_strides[0] + head * block.q_strides[1];
            *out = query * block.out_stride + head * block.size[1];
            *to = count;
            (fewest, most) = (fewest.min(count), most.max(count));
            head += 1;
            if head == block.heads {
                (query, head) = (query + 1, 0);
            }
        }
        // Queries are turned four by four.
        let some = q[0];
        q[len..len.next_multiple_of(4)].fill(some);
        Rows { first, q, out, counts, len, fewest, most }
    }

    /// The excluded keys of a query, unless none is.
    #[inline(always)]
    fn allowed<'a>(&self, row: usize, block: &Block<'a, f32>) -> Option<&'a [bool]> {
        let Live { counts, allowed } = block.live;
        allowed.map(|allowed| {
            let keys = allowed.len() / counts.len();
            &allowed[(self.first + row) / block.heads * keys..][..keys]
        })
    }

    /// Whether the query may attend to any key.
    fn has_key(&self, row: usize, block: &Block<'_, f32>) -> bool {
        let count = self.counts[row];
        count > 0 && self.allowed(row, block).is_none_or(|allowed| allowed[..count].contains(&true))
    }
}

/// [`attend`] for the rows that the lanes hold, from the first one on, and for a part of the keys, from the first one on.
/// What is kept until the next part of the keys are the queries, a column each, and with the sums the largest scores and
/// their totals.
///
/// # Safety
/// The processor has the instructions of `V`, and the lanes are those of [`lanes_for`].
#[inline(always)]
unsafe fn attend_keys<V: Vector>(
    block: &Block<'_, f32>,
    [first_row, first]: [usize; 2],
    lanes: usize,
    q: &mut [f32],
    scores: &mut [f32],
    sums: &mut [f32],
    out: &mut [f32],
) -> bool {
    let [d, e] = block.size;
    let rows = Rows::new(block, first_row, lanes);
    if rows.most == 0 && first == 0 {
        rows.out[..rows.len].iter().for_each(|&start| out[start..][..e].fill(0.0));
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
            unsafe { turn::<V>(q, lanes, block.q, &rows.q[..rows.len.next_multiple_of(4)], d, scale) };
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
    let values = Values {
        v,
        size: [keys, e],
        weights: scores,
        lanes,
        before: (first > 0).then_some(&scales),
        inverse: last.then_some(&inverse),
        sums,
        out,
        places: &rows.out[..rows.len],
    };
    // SAFETY: the caller's.
    unsafe { V::call::<V, _>(values) }
}
