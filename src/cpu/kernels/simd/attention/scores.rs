//! Products of queries and keys.

use super::super::vector::{LINE, Routine, Vector, at_most, even_parts, of_rows};
use super::ahead::Ahead;
use super::block::ENOUGH;
use super::softmax::power;
use crate::cpu::kernels::matrix::Matrix;

/// So few queries take the elements of a key side by side: of the lanes, they would leave most empty.
pub const FEW: usize = 4;

/// The queries that begin at `starts`, scaled, become the columns of `turned`, one for each lane.
///
/// # Safety
/// The processor has the instructions of `V`, and the lanes are as many as a vector and a half have, or two halves.
#[inline(always)]
pub unsafe fn turn<V: Vector>(turned: &mut [f32], q: &[f32], starts: &[usize], d: usize, scale: f32) {
    let lanes = starts.len();
    assert!(turned.len() >= d * lanes, "the turned queries end too soon");
    assert!(starts.iter().max().is_none_or(|start| start + d <= q.len()), "queries end too soon");
    // SAFETY: the caller's; the assertions are that all slices are long enough.
    unsafe {
        for first in (0..lanes).step_by(V::LANES) {
            let starts = &starts[first..];
            if starts.len() >= V::LANES {
                turn_rows::<V>(turned, [first, lanes], q, starts, d, scale);
            } else {
                turn_rows::<V::Half>(turned, [first, lanes], q, starts, d, scale);
            }
        }
    }
    for column in d - d % 4..d {
        let turned = &mut turned[column * lanes..];
        turned.iter_mut().zip(starts).for_each(|(to, start)| *to = q[start + column] * scale);
    }
}

/// [`turn`] for a vector of lanes from the first one on, without columns behind the last four.
///
/// # Safety
/// The processor has the instructions of `W`, and the slices are long enough.
#[inline(always)]
unsafe fn turn_rows<W: Vector>(
    turned: &mut [f32],
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
            // Every fourth row, as many as there are lanes: more than that are never looked at.
            let row = |i: usize| q.get_unchecked(*starts.get_unchecked(i % W::LANES) + column..);
            let rows = |i: usize| [row(i), row(i + 4), row(i + 8), row(i + 12)];
            let rows = [W::load_fours(rows(0)), W::load_fours(rows(1)), W::load_fours(rows(2)), W::load_fours(rows(3))];
            let columns = W::turn_fours(rows);
            for i in 0..4 {
                columns[i].mul(scale).store(turned.get_unchecked_mut((column + i) * lanes + first..));
            }
        }
    }
}

/// The scores of keys for the queries in the lanes of a vector: a row of them for each key.
///
/// With totals, a score becomes its power while it is in a register: relative to the largest of the first scores, whatever
/// comes after them. So the others are not looked through for a larger one, which is rarely far larger, and a softmax is the
/// same whatever its scores are relative to. (FlashAttention-4, Zadouri et al. 2026, too keeps what they are relative to until
/// a score is larger by a threshold.)
pub struct Scores<'a> {
    /// The queries, a column each, as [`turn`] gives them.
    pub q: &'a [f32],
    pub k: Matrix<'a, f32>,
    /// The size of a key.
    pub d: usize,
    pub scores: &'a mut [f32],
    /// What scores are relative to, and the sums of their powers.
    pub totals: Option<&'a mut [f32]>,
    /// Whether there were keys before these.
    pub goes_on: bool,
    pub ahead: Ahead<'a>,
}

impl Routine for Scores<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<W: Vector>(self) {
        let Scores { q, k, d, scores, mut totals, goes_on, ahead } = self;
        /// The keys of the first tile, whose scores tell what the others are relative to: as many for all vectors, since those
        /// of the last queries of a text are not those of a longer one.
        const FIRST: usize = 4;
        let keys = scores.len() / W::LANES;
        let first = keys.min(at_most::<W>(FIRST));
        let others = even_parts(keys - first, at_most::<W>(ENOUGH)).map(|(key, count)| (first + key, count));
        let tiles = 1 + (keys - first).div_ceil(at_most::<W>(ENOUGH));
        for (tile, (key, count)) in std::iter::once((0, first)).chain(others).enumerate() {
            let ahead = &ahead.part(tile, tiles, q.as_ptr());
            let (k, scores) = (k.part(key, 0), &mut scores[key * W::LANES..][..count * W::LANES]);
            let (totals, goes_on) = (totals.as_deref_mut(), goes_on || key > 0);
            // SAFETY: the caller's.
            unsafe {
                of_rows!(count, at_most::<W>(ENOUGH), score_tile::<W>(q, k, d, scores, totals, goes_on, ahead));
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
    totals: Option<&mut [f32]>,
    goes_on: bool,
    ahead: &[*const f32; LINE],
) {
    assert!(k.elements.len() >= (ROWS - 1) * k.strides[0] + d, "keys end too soon");
    assert!(q.len() >= d * W::LANES, "queries end too soon");
    assert!(totals.as_ref().is_none_or(|totals| totals.len() >= 2 * W::LANES), "totals end too soon");
    // SAFETY: the caller's; a row of `q`, of the scores and of the totals is as long as `W`, and the assertions are that the
    // last elements of keys and queries lie inside their slices.
    unsafe {
        // What a score is relative to is taken off from the start, where it is known.
        let start = match &totals {
            Some(totals) if goes_on => W::splat(0.0).sub(W::load(totals)),
            _ => W::splat(0.0),
        };
        let mut sums = [start; ROWS];
        for column in 0..d {
            W::prefetch(ahead[column % LINE].wrapping_add(column / LINE * LINE));
            let q = W::load(q.get_unchecked(column * W::LANES..));
            for row in 0..ROWS {
                let factor = W::splat(*k.elements.get_unchecked(row * k.strides[0] + column));
                sums[row] = factor.mul_add(q, sums[row]);
            }
        }
        let scores = scores.chunks_exact_mut(W::LANES);
        if let Some(totals) = totals {
            let (center_before, total_before) = totals.split_at_mut(W::LANES);
            let mut total = W::load(total_before);
            if !goes_on {
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
                let power = power(sum);
                total = total.add(power);
                power.store(scores);
            }
            total.store(total_before);
        } else {
            for (scores, sum) in scores.zip(sums) {
                sum.store(scores);
            }
        }
    }
}

/// The scores of keys for few queries, a row of `q` each: the rest of the lanes stays empty.
pub struct FewScores<'a> {
    pub q: &'a [f32],
    /// How many there are, at most [`FEW`].
    pub queries: usize,
    pub k: Matrix<'a, f32>,
    /// The size of a key.
    pub d: usize,
    pub scores: &'a mut [f32],
    /// How many scores each key has.
    pub lanes: usize,
}

impl Routine for FewScores<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller's.
        unsafe { of_rows!(self.queries, at_most::<V>(FEW), score_rows::<V>(self)) };
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
                    sums[row] = V::load(q.get_unchecked(row * d + column..)).mul_add(k, sums[row]);
                }
            }
            if whole < d {
                let k = V::load_part(k.get_unchecked(whole..d), 0.0);
                for row in 0..ROWS {
                    sums[row] = V::load_part(q.get_unchecked(row * d + whole..row * d + d), 0.0).mul_add(k, sums[row]);
                }
            }
            for row in 0..ROWS {
                scores[row] = sums[row].sum();
            }
        }
    }
}
