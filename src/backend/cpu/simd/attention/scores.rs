//! Products of queries and keys.

use super::super::vector::{Routine, Vector, at_most, even_parts, of_rows};
use super::{ENOUGH, FEW};
use crate::backend::cpu::matmul::Matrix;

/// The queries that begin at `starts`, scaled, become the first columns of `turned`. Their number is a multiple of 4. The
/// other lanes keep what they held, and nobody looks at what they give.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn turn<V: Vector>(turned: &mut [f32], lanes: usize, q: &[f32], starts: &[usize], d: usize, scale: f32) {
    let whole = d - d % 4;
    assert!(turned.len() >= d * lanes && starts.len() <= lanes, "the turned queries end too soon");
    let (eights, four) = starts.as_chunks::<8>();
    for (block, starts) in eights.iter().enumerate() {
        assert!(starts.iter().all(|start| start + d <= q.len()), "queries end too soon");
        for column in (0..whole).step_by(4) {
            // SAFETY: the caller's; there are 4 more columns in each row, and so many in `turned`.
            unsafe {
                let row = |i: usize| q.get_unchecked(starts[i] + column..);
                let rows = [row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)];
                V::turn_eight(rows, scale, turned.get_unchecked_mut(column * lanes + 8 * block..), lanes);
            }
        }
    }
    if !four.is_empty() {
        assert!(four.len() == 4 && four.iter().all(|start| start + d <= q.len()), "queries end too soon");
        for column in (0..whole).step_by(4) {
            // SAFETY: as above.
            unsafe {
                let row = |i: usize| q.get_unchecked(*four.get_unchecked(i) + column..);
                let rows = [row(0), row(1), row(2), row(3)];
                V::turn(rows, scale, turned.get_unchecked_mut(column * lanes + 8 * eights.len()..), lanes);
            }
        }
    }
    for column in whole..d {
        let turned = &mut turned[column * lanes..];
        turned.iter_mut().zip(starts).for_each(|(to, start)| *to = q[start + column] * scale);
    }
}

/// The scores of keys for the queries in the lanes of a vector: a row of them for each key.
pub struct Scores<'a> {
    /// The queries, a column each, as [`turn`] gives them.
    pub q: &'a [f32],
    pub k: Matrix<'a, f32>,
    /// The size of a key.
    pub d: usize,
    pub scores: &'a mut [f32],
}

impl Routine for Scores<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<W: Vector>(self) {
        let Scores { q, k, d, scores } = self;
        for (key, count) in even_parts(scores.len() / W::LANES, at_most::<W>(ENOUGH)) {
            let scores = &mut scores[key * W::LANES..][..count * W::LANES];
            // SAFETY: the caller's.
            unsafe { of_rows!(count, at_most::<W>(ENOUGH), score_tile::<W>(q, k.part(key, 0), d, scores)) };
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
    assert!(k.elements.len() >= (keys - 1) * k.strides[0] + d, "keys end too soon");
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
