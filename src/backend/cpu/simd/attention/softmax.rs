//! The running softmax.

use super::super::vector::{Routine, Vector};
use super::QUERIES;

/// The scores of the queries in the lanes of a vector become powers, which are summed up.
pub struct Softmax<'a> {
    /// A row of a vector for each key.
    pub scores: &'a mut [f32],
    /// How many of the first keys each query may attend to, unless it is all.
    pub counts: Option<&'a [f32; QUERIES]>,
    /// The largest scores of all keys until now, and the sums of their powers.
    pub totals: &'a mut [f32],
    /// Whether there were keys before these.
    pub goes_on: bool,
    /// What was summed up before counts so much.
    pub scales: &'a mut [f32; QUERIES],
    /// One by the sums of the powers.
    pub inverse: &'a mut [f32; QUERIES],
}

impl Routine for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<W: Vector>(self) {
        let Softmax { scores, counts, totals, goes_on, scales, inverse } = self;
        let (largest_before, total_before) = totals.split_at_mut(W::LANES);
        // SAFETY: the caller's; a row of scores, the two of `totals` and the arrays are as long as `W`, or longer.
        unsafe {
            let nothing = W::splat(f32::NEG_INFINITY);
            if let Some(counts) = counts {
                let counts = W::load(counts);
                for (key, scores) in scores.chunks_exact_mut(W::LANES).enumerate() {
                    W::splat(key as f32).if_less(counts, W::load(scores), nothing).store(scores);
                }
            }
            let (before, mut total) =
                if goes_on { (W::load(largest_before), W::load(total_before)) } else { (nothing, W::splat(0.0)) };
            let mut largest = before;
            for scores in scores.chunks_exact(W::LANES) {
                largest = largest.max(W::load(scores));
            }
            // Without a live key so far, anything finite will do.
            let center = nothing.if_less(largest, largest, W::splat(0.0));
            if goes_on {
                // What was summed up is scaled from the old largest score to the new one.
                let scale = power_of_two(before.sub(center));
                total = total.mul(scale);
                scale.store(scales);
            }
            for scores in scores.chunks_exact_mut(W::LANES) {
                let power = power_of_two(W::load(scores).sub(center));
                total = total.add(power);
                power.store(scores);
            }
            largest.store(largest_before);
            total.store(total_before);
            W::splat(1.0).div(total).store(inverse);
        }
    }
}

/// `2ˣ` for `x <= 0`, within 2 units of the last place, zero below -126; NaN stays.
///
/// `2ⁿ · 2ʳ` with a polynomial for `2ʳ` whose largest relative error is as small as one of degree 5 that is 1 at zero
/// allows (Lawson's iteration, then the nearest `f32` that did best): the largest score's power is exactly 1.
///
/// # Safety
/// As for the methods of [`Vector`].
#[inline(always)]
unsafe fn power_of_two<W: Vector>(x: W) -> W {
    const TERMS: [f32; 5] = [1.326_455_5e-3, 9.671_345e-3, 5.550_765_2e-2, 2.402_225_1e-1, 6.931_469_4e-1];
    // SAFETY: the caller's.
    unsafe {
        let n = x.round();
        let r = x.sub(n);
        let mut power = W::splat(TERMS[0]);
        for term in &TERMS[1..] {
            power = power.mul_add(r, W::splat(*term));
        }
        power.mul_add(r, W::splat(1.0)).shrink(n)
    }
}
