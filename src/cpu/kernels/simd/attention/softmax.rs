//! The running softmax.

use super::super::vector::{Routine, Vector};
use super::block::QUERIES;

/// The scores of the queries in the lanes of a vector become powers, which are summed up.
pub struct Softmax<'a> {
    /// A row of a vector for each key.
    pub scores: &'a mut [f32],
    /// How many of the first keys each query may attend to, unless it is all.
    pub counts: Option<&'a [f32; QUERIES]>,
    /// What scores are relative to, the largest ones until now, and the sums of their powers.
    pub totals: &'a mut [f32],
    /// Whether there were keys before these.
    pub goes_on: bool,
    /// What was summed up before counts so much.
    pub scales: &'a mut [f32; QUERIES],
}

impl Routine for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<W: Vector>(self) {
        let Softmax { scores, counts, totals, goes_on, scales } = self;
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
                let scale = power(before.sub(center)).mul(W::splat(1.0 / POWER_OF_ZERO));
                total = total.mul(scale);
                scale.store(scales);
            }
            for scores in scores.chunks_exact_mut(W::LANES) {
                let power = power(W::load(scores).sub(center));
                total = total.add(power);
                power.store(scores);
            }
            largest.store(largest_before);
            total.store(total_before);
        }
    }
}

/// What [`power`] is of zero.
pub const POWER_OF_ZERO: f32 = 753.986_3;

/// [`POWER_OF_ZERO`] times `2ˣ`, which no softmax can tell from `2ˣ`, within 2 units of the last place; zero where `x` is nearer
/// to -127 than to -126, or below, and infinite or NaN where it is nearer to 128 than to 127, or above; NaN stays.
///
/// `2ⁿ · 2ʳ` with a polynomial for `2ʳ` whose largest relative error is about as small as one of degree 5 that is exact at zero
/// allows (linear programming, then the `f32` nearby that did best), all of it divided by its first factor: so its first step is
/// a sum, which a processor can do beside the products.
///
/// # Safety
/// As for the methods of [`Vector`].
#[inline(always)]
pub unsafe fn power<W: Vector>(x: W) -> W {
    const TERMS: [f32; 5] = [7.292_189, 41.851_784, 181.124_42, 522.623_35, POWER_OF_ZERO];
    // SAFETY: the caller's.
    unsafe {
        let n = x.round();
        let r = x.sub(n);
        let mut power = r.add(W::splat(TERMS[0]));
        for term in &TERMS[1..] {
            power = power.mul_add(r, W::splat(*term));
        }
        power.scale_far(n)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::dispatch::attend_at;
    use super::super::super::level::{Level, levels};
    use super::super::block::Block;
    use super::POWER_OF_ZERO;

    /// For each query, `2ˣ / (1 + 2ˣ)`: how much it attends to the second of two keys, whose scores are zero and `x`.
    fn weights(level: Level, x: &[f32]) -> Vec<f32> {
        let mut out = vec![f32::NAN; x.len()];
        let counts = vec![2; x.len()];
        // What is multiplied by log₂ e becomes 1.
        let block = Block::of_numbers([x, &[0.0, 1.0], &[0.0, 1.0]], std::f32::consts::LN_2, &counts);
        attend_at(level, &block, &mut out);
        out
    }

    #[test]
    fn powers_are_within_two_units_of_the_last_place() {
        assert_eq!(std::f32::consts::LN_2 * std::f32::consts::LOG2_E, 1.0);
        // What is relative to the same as before stays as it is.
        assert_eq!(POWER_OF_ZERO * (1.0 / POWER_OF_ZERO), 1.0);
        let step = if cfg!(miri) { 400 } else { 1 };
        let x: Vec<f32> = (0..8000).step_by(step).map(|i| i as f32 * -0.0157).collect();
        for (name, level) in levels() {
            for (x, found) in x.iter().zip(weights(level, &x)) {
                let power = f64::from(*x).exp2();
                let error = (f64::from(found) - power / (1.0 + power)) / (power / (1.0 + power));
                // The power's two units, and one in all for their sum, its inverse and the product.
                assert!(error.abs() < 3.0 * f64::from(f32::EPSILON), "{name}: {found} at {x} is off by {error}");
            }
        }
    }

    #[test]
    fn nothing_is_left_far_below_the_largest_score() {
        for (name, level) in levels() {
            let x = [-127.0, -130.5, -200.0, -1e30, f32::MIN, 0.0, f32::NAN];
            let found = weights(level, &x);
            assert_eq!(found[..6], [0.0, 0.0, 0.0, 0.0, 0.0, 0.5], "{name}");
            assert!(found[6].is_nan(), "{name}: {}", found[6]);
        }
    }
}
