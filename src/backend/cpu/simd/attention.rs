//! Attention of a block of queries in one pass over the keys, with a running softmax (Milakov and Gimelshein 2018,
//! <https://arxiv.org/abs/1805.02867>; Dao et al. 2022, <https://arxiv.org/abs/2205.14135>).
//!
//! Each lane is a query, and the scores of a key are one wide vector: the softmax goes down the keys, lane by lane, and
//! nothing is ever summed across a vector. No lane knows of the others, so that what a query gives does not depend on
//! which queries are taken with it.

use super::pair::Pair;
use super::vector::{MAX_LANES, Vector, even_parts, load, of_rows, store};
use crate::backend::cpu::matmul::Matrix;
use std::cell::Cell;

/// The keys that are taken at a time: their scores stay in the first cache.
const KEYS: usize = 192;
/// The most queries that lanes hold.
const QUERIES: usize = 2 * MAX_LANES;
/// So few queries take the elements of a key side by side: of the lanes, they would leave most empty.
const FEW: usize = 4;
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
                unsafe {
                    finite &= if left > V::LANES + V::Half::LANES {
                        attend_keys::<V, Pair<V, V>>(block, [first, first_key], q, scores, sums, out)
                    } else if left > V::LANES {
                        attend_keys::<V, Pair<V, V::Half>>(block, [first, first_key], q, scores, sums, out)
                    } else if left > V::Half::LANES {
                        attend_keys::<V, V>(block, [first, first_key], q, scores, sums, out)
                    } else {
                        attend_keys::<V, V::Half>(block, [first, first_key], q, scores, sums, out)
                    }
                }
            }
        }
    }
    SCRATCH.set(memory);
    finite
}

/// Where the queries in the lanes are, and what they may attend to.
struct Rows {
    /// The position of each query, of which each head has one.
    query: [usize; QUERIES],
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
        let (zeros, len) = ([0; QUERIES], lanes.min(block.live.counts.len() * block.heads - first));
        let mut rows = Rows { query: zeros, q: zeros, out: zeros, counts: zeros, len, fewest: usize::MAX, most: 0 };
        let (mut query, mut head) = (first / block.heads, first % block.heads);
        for row in 0..len {
            let count = block.live.counts[query];
            rows.query[row] = query;
            rows.q[row] = query * block.q_strides[0] + head * block.q_strides[1];
            rows.out[row] = query * block.out_stride + head * block.size[1];
            rows.counts[row] = count;
            (rows.fewest, rows.most) = (rows.fewest.min(count), rows.most.max(count));
            head += 1;
            if head == block.heads {
                (query, head) = (query + 1, 0);
            }
        }
        // Queries are turned four by four.
        let some = rows.q[0];
        rows.q[len..len.next_multiple_of(4)].fill(some);
        rows
    }

    /// Whether the query may attend to any key.
    fn has_key(&self, row: usize, live: &Live<'_>) -> bool {
        let count = self.counts[row];
        let stride = live.allowed.map_or(0, |allowed| allowed.len() / live.counts.len());
        count > 0 && live.allowed.is_none_or(|allowed| allowed[self.query[row] * stride..][..count].contains(&true))
    }
}

/// [`attend`] for the rows that the lanes of `W` hold, from the first one on, and for a part of the keys, from the first
/// one on. What is kept until the next part of the keys are the queries, a column each, and with the sums the largest
/// scores and their totals.
///
/// # Safety
/// The processor has the instructions of `V` and `W`.
#[inline(always)]
unsafe fn attend_keys<V: Vector, W: Vector>(
    block: &Block<'_, f32>,
    [first_row, first]: [usize; 2],
    q: &mut [f32],
    scores: &mut [f32],
    sums: &mut [f32],
    out: &mut [f32],
) -> bool {
    let ([d, e], live, lanes) = (block.size, block.live, W::LANES);
    let rows = Rows::new(block, first_row, lanes);
    if rows.most == 0 && first == 0 {
        rows.out[..rows.len].iter().for_each(|&start| out[start..][..e].fill(0.0));
    }
    if rows.most <= first {
        return true;
    }
    let keys = KEYS.min(rows.most - first);
    let few = rows.len <= FEW.min(V::TILE);
    let (totals, sums) = sums.split_at_mut(2 * lanes);
    let scores = &mut scores[..keys * lanes];
    let q = &mut q[..d * lanes];
    // SAFETY: the caller's; a row of scores, the two of `totals` and the arrays are as long as `W`, or longer.
    unsafe {
        if first == 0 {
            // In powers of two, an exponential takes fewer steps.
            let scale = block.scale * std::f32::consts::LOG2_E;
            if few {
                for (to, &start) in q.chunks_exact_mut(d.max(1)).zip(&rows.q[..rows.len]) {
                    to.iter_mut().zip(&block.q[start..][..d]).for_each(|(to, x)| *to = x * scale);
                }
            } else {
                turn::<V>(q, lanes, block.q, &rows.q[..rows.len.next_multiple_of(4)], d, scale);
            }
        }
        let (k, v) = (block.k.part(first, 0), block.v.part(first, 0));
        if few {
            of_rows!(rows.len, score_rows::<V, W>(q, k, d, scores));
        } else {
            for (key, count) in even_parts(keys, W::TILE) {
                let scores = &mut scores[key * lanes..][..count * lanes];
                of_rows!(count, score_tile::<W>(q, k.part(key, 0), d, scores));
            }
        }

        let nothing = W::splat(f32::NEG_INFINITY);
        if first + keys > rows.fewest {
            let mut counts = [0.0; QUERIES];
            counts.iter_mut().zip(rows.counts).for_each(|(to, count)| *to = count.saturating_sub(first) as f32);
            let counts = W::load(&counts);
            for (key, scores) in scores.chunks_exact_mut(lanes).enumerate() {
                W::splat(key as f32).if_less(counts, W::load(scores), nothing).store(scores);
            }
        }
        if let Some(allowed) = live.allowed {
            let stride = allowed.len() / live.counts.len();
            for row in 0..rows.len {
                let allowed = &allowed[rows.query[row] * stride + first..][..keys];
                for (scores, _) in scores.chunks_exact_mut(lanes).zip(allowed).filter(|(_, allowed)| !**allowed) {
                    scores[row] = f32::NEG_INFINITY;
                }
            }
        }

        let (before, mut total) = match first {
            0 => (nothing, W::splat(0.0)),
            _ => (W::load(totals), W::load(&totals[lanes..])),
        };
        let mut largest = before;
        for scores in scores.chunks_exact(lanes) {
            largest = largest.max(W::load(scores));
        }
        // Without a live key so far, anything finite will do.
        let center = nothing.if_less(largest, largest, W::splat(0.0));
        let (mut scales, mut inverse) = ([0.0; QUERIES], [0.0; QUERIES]);
        if first > 0 {
            // What was summed up is scaled from the old largest score to the new one.
            let scale = power_of_two(before.sub(center));
            total = total.mul(scale);
            scale.store(&mut scales);
        }
        for scores in scores.chunks_exact_mut(lanes) {
            let power = power_of_two(W::load(scores).sub(center));
            total = total.add(power);
            power.store(scores);
        }
        largest.store(totals);
        total.store(&mut totals[lanes..]);
        let last = first + keys == rows.most;
        if last {
            W::splat(1.0).div(total).store(&mut inverse);
            for row in 0..rows.len {
                if totals[lanes + row] == 0.0 && !rows.has_key(row, &live) {
                    inverse[row] = 0.0;
                }
            }
        }

        let mut check = V::splat(0.0);
        // The values of some columns are read for all rows before those of the next ones.
        for column in (0..e).step_by(2 * V::LANES) {
            for (row, count) in even_parts(rows.len, V::TILE) {
                let values = Values {
                    v,
                    size: [keys, e],
                    column,
                    weights: &scores[row..],
                    lanes,
                    before: (first > 0).then_some(&scales[row..]),
                    inverse: last.then_some(&inverse[row..]),
                };
                let (sums, places) = (&mut sums[row * e..][..count * e], &rows.out[row..row + count]);
                check = check.add(of_rows!(count, value_tile::<V>(&values, sums, out, places)));
            }
        }
        check.sum() == 0.0
    }
}

/// `2ˣ` for `x <= 0`, within 2 units of the last place, zero below -126; NaN stays.
///
/// `2ⁿ · 2ʳ` with the polynomial of Cephes' `exp2f` (Moshier 1989) for `2ʳ`.
///
/// # Safety
/// As for the methods of [`Vector`].
#[inline(always)]
unsafe fn power_of_two<W: Vector>(x: W) -> W {
    const TERMS: [f32; 6] =
        [1.535_336_2e-4, 1.339_887_4e-3, 9.618_437e-3, 5.550_332_5e-2, 2.402_264_8e-1, 6.931_472e-1];
    // SAFETY: the caller's.
    unsafe {
        // Beyond it the power is zero.
        let x = W::splat(-130.0).max(x);
        let n = x.round();
        let r = x.sub(n);
        let mut power = W::splat(TERMS[0]);
        for term in &TERMS[1..] {
            power = power.mul_add(r, W::splat(*term));
        }
        power.mul_add(r, W::splat(1.0)).shrink(n)
    }
}

/// The queries that begin at `starts`, scaled, become the first columns of `turned`. Their number is a multiple of 4. The
/// other lanes keep what they held, and nobody looks at what they give.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn turn<V: Vector>(turned: &mut [f32], lanes: usize, q: &[f32], starts: &[usize], d: usize, scale: f32) {
    let whole = d - d % 4;
    assert!(turned.len() >= d * lanes && starts.len() <= lanes, "the turned queries end too soon");
    for (block, starts) in starts.chunks_exact(4).enumerate() {
        let [x, y, z, w] = [&q[starts[0]..][..d], &q[starts[1]..][..d], &q[starts[2]..][..d], &q[starts[3]..][..d]];
        for column in (0..whole).step_by(4) {
            // SAFETY: the caller's; there are 4 more columns in each row, and so many in `turned`.
            unsafe {
                let rows = [
                    x.get_unchecked(column..),
                    y.get_unchecked(column..),
                    z.get_unchecked(column..),
                    w.get_unchecked(column..),
                ];
                V::turn(rows, scale, turned.get_unchecked_mut(column * lanes + 4 * block..), lanes);
            }
        }
        for column in whole..d {
            let to = &mut turned[column * lanes + 4 * block..][..4];
            to.copy_from_slice(&[x[column] * scale, y[column] * scale, z[column] * scale, w[column] * scale]);
        }
    }
}

/// The scores of the first keys for the queries in the lanes.
///
/// # Safety
/// The processor has the instructions of `W`.
#[inline(always)]
unsafe fn score_tile<W: Vector, const ROWS: usize>(q: &[f32], k: Matrix<'_, f32>, d: usize, scores: &mut [f32]) {
    assert!(k.elements.len() >= (ROWS - 1) * k.strides[0] + d, "keys end too soon");
    assert!(q.len() >= d * W::LANES, "queries end too soon");
    // SAFETY: the caller's; a row of `q` and of the scores is as long as `W`, and the assertions are that the last
    // elements of keys and queries lie inside their slices.
    unsafe {
        let mut sums = [W::splat(0.0); ROWS];
        for column in 0..d {
            let q = W::load(q.get_unchecked(column * W::LANES..));
            for row in 0..ROWS {
                let factor = W::splat(*k.elements.get_unchecked(row * k.strides[0] + column));
                sums[row] = factor.mul_add(q, sums[row]);
            }
        }
        for (scores, sum) in scores.chunks_exact_mut(W::LANES).zip(sums) {
            sum.store(scores);
        }
    }
}

/// The scores of the first keys for few queries, a row of `q` each: the rest of the lanes stays empty.
///
/// # Safety
/// The processor has the instructions of `V` and `W`.
#[inline(always)]
unsafe fn score_rows<V: Vector, W: Vector, const ROWS: usize>(
    q: &[f32],
    k: Matrix<'_, f32>,
    d: usize,
    scores: &mut [f32],
) {
    let (keys, whole) = (scores.len() / W::LANES, d - d % V::LANES);
    assert!(k.elements.len() >= (keys - 1) * k.strides[0] + d, "keys end too soon");
    assert!(q.len() >= ROWS * d, "queries end too soon");
    // SAFETY: the caller's; a row of the scores is as long as `W`, and the assertions are that the last elements of keys
    // and queries lie inside their slices.
    unsafe {
        for (key, scores) in scores.chunks_exact_mut(W::LANES).enumerate() {
            let k = k.elements.get_unchecked(key * k.strides[0]..);
            let mut sums = [V::splat(0.0); ROWS];
            for column in (0..whole).step_by(V::LANES) {
                let k = V::load(k.get_unchecked(column..));
                for row in 0..ROWS {
                    sums[row] = V::load(q.get_unchecked(row * d + column..)).mul_add(k, sums[row]);
                }
            }
            if whole < d {
                let k = V::load_part(k.get_unchecked(whole..d), 0.0);
                for row in 0..ROWS {
                    sums[row] = V::load_part(q.get_unchecked(row * d + whole..row * d + d), 0.0).mul_add(k, sums[row]);
                }
            }
            W::splat(0.0).store(scores);
            for row in 0..ROWS {
                scores[row] = sums[row].sum();
            }
        }
    }
}

/// Values, and what they are summed up with.
struct Values<'a> {
    v: Matrix<'a, f32>,
    /// The keys, and the size of a value.
    size: [usize; 2],
    /// The first of the columns that are taken, of two vectors.
    column: usize,
    /// For each key, the weights of so many lanes.
    weights: &'a [f32],
    lanes: usize,
    /// What was summed up before, if anything was, counts so much.
    before: Option<&'a [f32]>,
    /// The last keys of all: the sums times these are the results.
    inverse: Option<&'a [f32]>,
}

/// Adds two vectors of columns of the values, each by its weight for the query, to the sums `(ROWS, e)`. Zeros, if the
/// results, if there are any, are finite.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn value_tile<V: Vector, const ROWS: usize>(
    values: &Values<'_>,
    sums: &mut [f32],
    out: &mut [f32],
    places: &[usize],
) -> V {
    let ([keys, e], lanes, first) = (values.size, values.lanes, values.column);
    assert!(keys > 0 && values.v.elements.len() >= (keys - 1) * values.v.strides[0] + e, "values end too soon");
    assert!(values.weights.len() >= (keys - 1) * lanes + ROWS && places.len() == ROWS, "weights end too soon");
    assert!(values.before.is_none_or(|before| before.len() >= ROWS), "scales end too soon");
    assert!(values.inverse.is_none_or(|inverse| inverse.len() >= ROWS), "scales end too soon");
    assert!(sums.len() == ROWS * e && places.iter().all(|&place| place + e <= out.len()), "results end too soon");
    let columns = [first, e.min(first + V::LANES), e.min(first + 2 * V::LANES)];
    // SAFETY: the caller's; the assertions are that all slices are long enough.
    unsafe {
        if first + 2 * V::LANES <= e {
            let added = value_columns::<V, ROWS, true>(values, columns);
            finish_columns::<V, ROWS, true>(values, added, columns, sums, out, places)
        } else {
            let added = value_columns::<V, ROWS, false>(values, columns);
            finish_columns::<V, ROWS, false>(values, added, columns, sums, out, places)
        }
    }
}

/// Adds to the sums, or to the results, what [`value_columns`] has summed up.
///
/// # Safety
/// As of [`value_columns`].
#[inline(always)]
unsafe fn finish_columns<V: Vector, const ROWS: usize, const WHOLE: bool>(
    values: &Values<'_>,
    added: [[V; 2]; ROWS],
    columns: [usize; 3],
    sums: &mut [f32],
    out: &mut [f32],
    places: &[usize],
) -> V {
    // SAFETY: the caller's.
    unsafe {
        let (e, mut sum, mut check) = (values.size[1], added, V::splat(0.0));
        // A loop for each choice: with a choice in the loop, the tile would not stay in registers.
        if let Some(scales) = values.before {
            for row in 0..ROWS {
                let scale = V::splat(*scales.get_unchecked(row));
                for i in 0..2 {
                    let before = sums.get_unchecked(row * e + columns[i]..row * e + columns[i + 1]);
                    let before = if WHOLE { V::load(before) } else { load::<V>(before, 0.0) };
                    sum[row][i] = before.mul_add(scale, sum[row][i]);
                }
            }
        }
        if let Some(inverse) = values.inverse {
            for row in 0..ROWS {
                let (scale, place) = (V::splat(*inverse.get_unchecked(row)), *places.get_unchecked(row));
                for i in 0..2 {
                    let out = out.get_unchecked_mut(place + columns[i]..place + columns[i + 1]);
                    let result = sum[row][i].mul(scale);
                    check = result.mul_add(V::splat(0.0), check);
                    if WHOLE { result.store(out) } else { store(result, out) }
                }
            }
        } else {
            for row in 0..ROWS {
                for i in 0..2 {
                    let sums = sums.get_unchecked_mut(row * e + columns[i]..row * e + columns[i + 1]);
                    if WHOLE { sum[row][i].store(sums) } else { store(sum[row][i], sums) }
                }
            }
        }
        check
    }
}

/// The sums of [`value_tile`] for two vectors of columns, from the first of three on to the second, and to the third.
/// Whether both are whole is a constant: with both ways to load in one loop, the compiler would not keep the tile in
/// registers.
///
/// # Safety
/// The processor has the instructions of `V`, and all slices are as long as [`value_tile`] asserts.
#[inline(always)]
unsafe fn value_columns<V: Vector, const ROWS: usize, const WHOLE: bool>(
    values: &Values<'_>,
    [first, middle, end]: [usize; 3],
) -> [[V; 2]; ROWS] {
    let (v, weights) = (values.v, values.weights);
    // SAFETY: the caller's.
    unsafe {
        let mut tile = [[V::splat(0.0); 2]; ROWS];
        for key in 0..values.size[0] {
            let value = v.elements.get_unchecked(key * v.strides[0]..);
            let (left, right) = (value.get_unchecked(first..middle), value.get_unchecked(middle..end));
            let (left, right) =
                if WHOLE { (V::load(left), V::load(right)) } else { (load::<V>(left, 0.0), load::<V>(right, 0.0)) };
            for row in 0..ROWS {
                let weight = V::splat(*weights.get_unchecked(key * values.lanes + row));
                tile[row] = [weight.mul_add(left, tile[row][0]), weight.mul_add(right, tile[row][1])];
            }
        }
        tile
    }
}
