//! Soft caps and biases: what scores become before their softmax, in a pass of its own, so that scores without them are not asked.

use super::super::math::{Function, Tanh};
use super::super::vector::{Lanes, MAX_LANES, OutlinedKernel, Vector, load, store};
use super::block::QUERIES;
use std::f32::consts::LOG2_E;

/// What is added to the scores of queries: the elements of each query begin at its start, one for each key.
#[derive(Clone, Copy)]
pub struct BiasRows<'a> {
    pub elements: &'a [f32],
    pub starts: &'a [usize; QUERIES],
}

/// Caps the scores, which are those of exponentials to base 2, and adds the bias. With `FOURS`, four scores of each query stand
/// side by side; else one.
pub struct Adjust<'a, const FOURS: bool> {
    pub scores: &'a mut [f32],
    /// The queries between the scores of a key, or of four, and those of the next.
    pub lanes: usize,
    pub keys: usize,
    pub cap: Option<f32>,
    pub bias: Option<BiasRows<'a>>,
}

impl<const FOURS: bool> OutlinedKernel for Adjust<'_, FOURS> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Adjust { scores, lanes, keys, cap, bias } = self;
        // SAFETY: the caller's, and the assertions below.
        unsafe {
            if let Some(cap) = cap {
                let (cap, inverse) = (V::splat(cap * LOG2_E), V::splat(1.0 / (cap * LOG2_E)));
                for scores in scores.chunks_mut(V::LANES) {
                    store(Tanh.apply(load::<V>(scores, 0.0).mul(inverse)).mul(cap), scores);
                }
            }
            let Some(BiasRows { elements, starts }) = bias else { return };
            let inside = |start: &usize| start + keys <= elements.len();
            assert!(lanes <= QUERIES && starts[..lanes].iter().all(inside), "a bias ends too soon");
            if FOURS {
                assert!(
                    lanes.is_multiple_of(V::LANES / 4) && scores.len() >= 4 * lanes * keys.div_ceil(4),
                    "no such scores"
                );
                return add_fours::<V>(scores, [lanes, keys], elements, starts);
            }
            assert!(lanes.is_multiple_of(V::Half::LANES) && scores.len() >= lanes * keys, "no such scores");
            for first in (0..lanes).step_by(V::LANES) {
                let of_lanes = &starts[first..lanes];
                if of_lanes.len() >= V::LANES {
                    add_lanes::<V>(&mut scores[first..], [lanes, keys], elements, of_lanes);
                } else {
                    add_lanes::<V::Half>(&mut scores[first..], [lanes, keys], elements, of_lanes);
                }
            }
        }
    }
}

/// # Safety
/// The processor has the instructions of `W`; each bias has so many keys, and there are starts and scores for all of `W`.
#[inline(always)]
unsafe fn add_lanes<W: Vector>(scores: &mut [f32], [lanes, keys]: [usize; 2], bias: &[f32], starts: &[usize]) {
    // SAFETY: the caller's.
    unsafe {
        let factor = W::splat(LOG2_E);
        let mut add = |key: usize, bias: W| {
            let scores = scores.get_unchecked_mut(key * lanes..);
            bias.mul_add(factor, W::load(scores)).store(scores);
        };
        let whole = keys - keys % 4;
        for key in (0..whole).step_by(4) {
            // Every fourth row; entries beyond the number of lanes are not read.
            let row = |i: usize| bias.get_unchecked(*starts.get_unchecked(i % W::LANES) + key..);
            let rows = |i: usize| W::load_groups([row(i), row(i + 4), row(i + 8), row(i + 12)]);
            let columns = W::transpose_groups([rows(0), rows(1), rows(2), rows(3)]);
            for i in 0..4 {
                add(key + i, columns[i]);
            }
        }
        for key in whole..keys {
            let mut column = [0.0; MAX_LANES];
            column.iter_mut().zip(&starts[..W::LANES]).for_each(|(to, start)| *to = bias[start + key]);
            add(key, W::load(&column));
        }
    }
}

/// # Safety
/// The processor has the instructions of `V`; each bias has so many keys, and there are scores for all of them.
#[inline(always)]
unsafe fn add_fours<V: Vector>(scores: &mut [f32], [lanes, keys]: [usize; 2], bias: &[f32], starts: &[usize; QUERIES]) {
    let (of_vector, vectors) = (V::LANES / 4, lanes / (V::LANES / 4));
    // SAFETY: the caller's.
    unsafe {
        let factor = V::splat(LOG2_E);
        for key in (0..keys).step_by(4) {
            for vector in 0..vectors {
                let start = |i: usize| starts[vector * of_vector + i] + key;
                let scores = scores.get_unchecked_mut((key / 4 * vectors + vector) * V::LANES..);
                let bias = if key + 4 <= keys {
                    // Entries beyond the number of groups are not read.
                    let row = |i: usize| bias.get_unchecked(start(i.min(of_vector - 1))..);
                    V::load_groups([row(0), row(1), row(2), row(3)])
                } else {
                    let mut fours = [0.0; MAX_LANES];
                    for (group, four) in fours.as_chunks_mut::<4>().0.iter_mut().enumerate().take(of_vector) {
                        four[..keys - key].copy_from_slice(&bias[start(group)..][..keys - key]);
                    }
                    V::load(&fours)
                };
                bias.mul_add(factor, V::load(scores)).store(scores);
            }
        }
    }
}
