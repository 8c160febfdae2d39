//! Scores of pairs of `bf16`, and their softmax.

use super::super::pair_packing::transpose;
use super::super::terms::{Bf16Pairs, PairKernel};
use super::super::vector::{Lanes, MAX_LANES, Vector, at_most, dispatch_rows, even_chunks};
use super::block::TILE_ROWS;
use super::softmax::exp2_scaled;
use crate::cpu::kernels::matrix::Matrix;
use half::bf16;

/// Writes queries as columns of pairs, one for each lane: the queries of `q` begin at `starts`.
pub struct PairQueries<'a, 'to> {
    pub q: &'a [bf16],
    pub starts: &'a [usize],
    /// The size of a query.
    pub d: usize,
    pub to: &'to mut [u32],
}

impl PairKernel for PairQueries<'_, '_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<P: Bf16Pairs>(self) {
        let PairQueries { q, starts, d, to } = self;
        let (lanes, width) = (starts.len(), <P::Lanes as Lanes>::LANES);
        assert!(
            lanes.is_multiple_of(width) && to.len() >= d.div_ceil(2) * lanes,
            "the transposed queries end too soon"
        );
        assert!(starts.iter().max().is_none_or(|start| start + d <= q.len()), "queries end too soon");
        for first in (0..lanes).step_by(width) {
            let mut columns = [q.as_ptr(); MAX_LANES];
            (0..width).for_each(|i| columns[i] = q[starts[first + i]..].as_ptr());
            // SAFETY: the caller's; the assertions are that all slices are long enough.
            unsafe { transpose::<P>(columns, d, to[first..].as_mut_ptr(), lanes) };
        }
    }
}

/// Where the scores go: to each key one of each lane, which are those of exponentials to base 2.
pub enum To<'a> {
    /// As they are.
    Scores(&'a mut [f32]),
    /// As [`Scores`](super::scores::Scores) with `max_and_sum`, and rounded, in pairs of keys.
    Weights { weights: &'a mut [u32], max_and_sum: &'a mut [f32], has_previous: bool },
}

/// The scores of keys for the queries in the lanes.
pub struct PairScores<'a> {
    /// The queries, as [`PairQueries`] writes them.
    pub q: &'a [u32],
    /// One vector of queries, or two.
    pub lanes: usize,
    pub k: Matrix<'a, bf16>,
    /// The keys, and the size of a key.
    pub size: [usize; 2],
    /// What products are multiplied by.
    pub scale: f32,
    pub to: To<'a>,
}

impl PairKernel for PairScores<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<P: Bf16Pairs>(mut self) {
        let ([keys, d], vectors) = (self.size, self.lanes / <P::Lanes as Lanes>::LANES);
        assert!(self.lanes == vectors * <P::Lanes as Lanes>::LANES, "whole vectors of queries");
        assert!(keys > 0 && self.k.lies_inside([keys, d]) && self.k.strides[1] == 1, "keys end too soon");
        assert!(self.q.len() >= d.div_ceil(2) * self.lanes, "queries end too soon");
        let has_room = match &self.to {
            To::Scores(scores) => scores.len() >= keys * self.lanes,
            To::Weights { weights, max_and_sum, .. } => {
                weights.len() >= keys.div_ceil(2) * self.lanes && max_and_sum.len() >= 2 * self.lanes
            }
        };
        assert!(has_room, "scores end too soon");
        // SAFETY: the caller's; the assertions are that all slices are long enough.
        unsafe {
            match vectors {
                1 => score_tiles::<P, 1>(&mut self),
                2 => score_tiles::<P, 2>(&mut self),
                _ => unreachable!("one vector of queries, or two"),
            }
        }
    }
}

/// # Safety
/// The processor has the instructions, and all slices are as long as [`PairScores::run`] asserts.
#[inline(always)]
unsafe fn score_tiles<P: Bf16Pairs, const VECTORS: usize>(scores: &mut PairScores<'_>) {
    /// The pairs of the first tile, whose maximum is subtracted: see [`Scores`](super::scores::Scores).
    const FIRST: usize = 2;
    let pairs = scores.size[0].div_ceil(2);
    let first = pairs.min(FIRST);
    let others = even_chunks(pairs - first, at_most::<P::Lanes>(TILE_ROWS) / 2);
    for (pair, count) in std::iter::once((0, first)).chain(others.map(|(pair, count)| (first + pair, count))) {
        // SAFETY: the caller's.
        unsafe { dispatch_rows!(count, TILE_ROWS / 2, score_tile::<P, VECTORS>(scores, pair)) };
    }
}

/// Adds to the sums the products of the queries and of keys that begin so far from one another.
///
/// # Safety
/// The processor has the instructions; there are terms of keys and queries at these places.
#[inline(always)]
unsafe fn add_term<P: Bf16Pairs, const VECTORS: usize, const PAIRS: usize>(
    q: *const u32,
    term: impl Fn(usize) -> u32,
    sums: &mut [[[P::Lanes; VECTORS]; 2]; PAIRS],
) {
    let lanes = <P::Lanes as Lanes>::LANES;
    // SAFETY: the caller's.
    unsafe {
        let mut queries = [P::splat(0); VECTORS];
        for vector in 0..VECTORS {
            queries[vector] = P::load(std::slice::from_raw_parts(q.add(vector * lanes), lanes));
        }
        for pair in 0..PAIRS {
            for which in 0..2 {
                let key = P::splat(term(2 * pair + which));
                for vector in 0..VECTORS {
                    sums[pair][which][vector] = P::accumulate(key, queries[vector], sums[pair][which][vector]);
                }
            }
        }
    }
}

/// The scores of some pairs of keys, from this pair on; the last pair of all may be a single key.
///
/// # Safety
/// As of [`score_tiles`].
#[inline(always)]
unsafe fn score_tile<P: Bf16Pairs, const VECTORS: usize, const PAIRS: usize>(
    scores: &mut PairScores<'_>,
    first_pair: usize,
) {
    let ([keys, d], k, lanes, width) = (scores.size, scores.k, scores.lanes, <P::Lanes as Lanes>::LANES);
    let first = 2 * first_pair;
    let is_single = first + 2 * PAIRS > keys;
    // A key that there is not is the one before.
    let last = (2 * PAIRS - 1 - usize::from(is_single)) * k.strides[0];
    let row = |row: usize| if row == 2 * PAIRS - 1 { last } else { row * k.strides[0] };
    // SAFETY: the caller's.
    unsafe {
        let (k, q) = (k.elements.as_ptr().add(first * k.strides[0]), scores.q.as_ptr());
        let mut sums = [[[P::Lanes::splat(0.0); VECTORS]; 2]; PAIRS];
        for term in 0..d / 2 {
            let key = |i: usize| k.add(row(i) + 2 * term).cast::<u32>().read_unaligned();
            add_term::<P, VECTORS, PAIRS>(q.add(term * lanes), key, &mut sums);
        }
        if d % 2 == 1 {
            let key = |i: usize| u32::from((*k.add(row(i) + d - 1)).to_bits());
            add_term::<P, VECTORS, PAIRS>(q.add(d / 2 * lanes), key, &mut sums);
        }
        let scale = P::Lanes::splat(scores.scale);
        let (weights, max_and_sum, has_previous) = match &mut scores.to {
            To::Scores(scores) => {
                for row in 0..2 * PAIRS - usize::from(is_single) {
                    for vector in 0..VECTORS {
                        let to = scores.get_unchecked_mut((first + row) * lanes + vector * width..);
                        sums[row / 2][row % 2][vector].mul(scale).store(to);
                    }
                }
                return;
            }
            To::Weights { weights, max_and_sum, has_previous } => {
                (weights, max_and_sum, *has_previous || first_pair > 0)
            }
        };
        for vector in 0..VECTORS {
            let (centers, totals) = max_and_sum.split_at_mut(lanes);
            let (center_before, total_before) =
                (centers.get_unchecked_mut(vector * width..), totals.get_unchecked_mut(vector * width..));
            let (center, mut total) = if has_previous {
                (P::Lanes::load(center_before), P::Lanes::load(total_before))
            } else {
                let mut largest = sums[0][0][vector].mul(scale);
                for row in 1..2 * PAIRS {
                    largest = largest.max(sums[row / 2][row % 2][vector].mul(scale));
                }
                largest.store(center_before);
                (largest, P::Lanes::splat(0.0))
            };
            let start = P::Lanes::splat(0.0).sub(center);
            for pair in 0..PAIRS {
                let first_weight = exp2_scaled(sums[pair][0][vector].mul_add(scale, start));
                total = total.add(first_weight);
                let mut second_weight = P::Lanes::splat(0.0);
                if pair + 1 < PAIRS || !is_single {
                    second_weight = exp2_scaled(sums[pair][1][vector].mul_add(scale, start));
                    total = total.add(second_weight);
                }
                let to = weights.get_unchecked_mut((first_pair + pair) * lanes + vector * width..);
                P::store(P::of_two(first_weight, second_weight), to);
            }
            total.store(total_before);
        }
    }
}

/// Exponentials, one of each lane to a key, rounded, in pairs of keys.
pub struct PairWeights<'a> {
    pub exponentials: &'a [f32],
    pub lanes: usize,
    pub keys: usize,
    pub weights: &'a mut [u32],
}

impl PairKernel for PairWeights<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<P: Bf16Pairs>(self) {
        let PairWeights { exponentials, lanes, keys, weights } = self;
        let nothing = [0.0; 2 * MAX_LANES];
        assert!(lanes <= nothing.len() && lanes.is_multiple_of(<P::Lanes as Lanes>::LANES), "vectors of queries");
        for (pair, weights) in weights.chunks_exact_mut(lanes).take(keys.div_ceil(2)).enumerate() {
            let rows = &exponentials[2 * pair * lanes..];
            let second = if 2 * pair + 1 < keys { &rows[lanes..2 * lanes] } else { &nothing[..lanes] };
            for vector in (0..lanes).step_by(<P::Lanes as Lanes>::LANES) {
                // SAFETY: the caller's.
                unsafe {
                    let (first, second) = (P::Lanes::load(&rows[vector..lanes]), P::Lanes::load(&second[vector..]));
                    P::store(P::of_two(first, second), &mut weights[vector..]);
                }
            }
        }
    }
}
