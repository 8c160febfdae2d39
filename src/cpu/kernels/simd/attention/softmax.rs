//! The online softmax.

use super::super::vector::{OutlinedKernel, Vector};
use super::block::QUERIES;

/// Exponentiates the scores of the queries in the lanes, and sums them, with a running maximum.
pub struct Softmax<'a> {
    /// A row of a vector for each key.
    pub scores: &'a mut [f32],
    /// The number of leading keys that each query may attend to, unless it is all.
    pub counts: Option<&'a [f32; QUERIES]>,
    /// The running maximum of the scores, and the running sum of exponentials.
    pub max_and_sum: &'a mut [f32],
    /// Whether there were keys before these.
    pub has_previous: bool,
    /// The factor by which earlier sums are rescaled.
    pub scales: &'a mut [f32; QUERIES],
}

impl OutlinedKernel for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<W: Vector>(self) {
        let Softmax { scores, counts, max_and_sum, has_previous, scales } = self;
        let (largest_before, total_before) = max_and_sum.split_at_mut(W::LANES);
        // SAFETY: the caller's; a row of scores, the two of `max_and_sum` and the arrays are as long as `W`, or longer.
        unsafe {
            let nothing = W::splat(f32::NEG_INFINITY);
            if let Some(counts) = counts {
                let counts = W::load(counts);
                for (key, scores) in scores.chunks_exact_mut(W::LANES).enumerate() {
                    W::splat(key as f32).select_less(counts, W::load(scores), nothing).store(scores);
                }
            }
            let (before, mut total) =
                if has_previous { (W::load(largest_before), W::load(total_before)) } else { (nothing, W::splat(0.0)) };
            let mut largest = before;
            for scores in scores.chunks_exact(W::LANES) {
                largest = largest.max(W::load(scores));
            }
            // Without a valid key so far, any finite value will do.
            let center = nothing.select_less(largest, largest, W::splat(0.0));
            if has_previous {
                // Earlier sums are rescaled from the old maximum to the new one.
                let scale = exp2_scaled(before.sub(center)).mul(W::splat(1.0 / EXP2_SCALE));
                total = total.mul(scale);
                scale.store(scales);
            }
            for scores in scores.chunks_exact_mut(W::LANES) {
                let exp2_scaled = exp2_scaled(W::load(scores).sub(center));
                total = total.add(exp2_scaled);
                exp2_scaled.store(scores);
            }
            largest.store(largest_before);
            total.store(total_before);
        }
    }
}

/// The factor of [`exp2_scaled`], its value at zero.
pub const EXP2_SCALE: f32 = 753.986_3;

/// [`EXP2_SCALE`] times `2ˣ`, a factor that cancels in a softmax, within 2 units of the last place; zero where `x` is
/// nearer to -127 than to -126, or below, and infinite or NaN where it is nearer to 128 than to 127, or above; NaN stays.
///
/// `2ⁿ · 2ʳ` with a near-minimax polynomial of degree 5 for `2ʳ` (by linear programming, then the best `f32` nearby),
/// divided by its leading coefficient: so the first step of Horner's scheme is an addition, which runs beside
/// multiplications.
///
/// # Safety
/// As for the methods of [`Vector`].
#[inline(always)]
pub unsafe fn exp2_scaled<W: Vector>(x: W) -> W {
    const COEFFICIENTS: [f32; 5] = [7.292_189, 41.851_784, 181.124_42, 522.623_35, EXP2_SCALE];
    // SAFETY: the caller's.
    unsafe {
        let n = x.round();
        let r = x.sub(n);
        let mut exp2_scaled = r.add(W::splat(COEFFICIENTS[0]));
        for term in &COEFFICIENTS[1..] {
            exp2_scaled = exp2_scaled.mul_add(r, W::splat(*term));
        }
        exp2_scaled.ldexp_saturating(n)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::dispatch::attend_at;
    use super::super::super::level::{Level, levels};
    use super::super::block::Block;
    use super::EXP2_SCALE;

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
        assert_eq!(EXP2_SCALE * (1.0 / EXP2_SCALE), 1.0);
        let step = if cfg!(miri) { 400 } else { 1 };
        let x: Vec<f32> = (0..8000).step_by(step).map(|i| i as f32 * -0.0157).collect();
        for (name, level) in levels() {
            for (x, found) in x.iter().zip(weights(level, &x)) {
                let exp2_scaled = f64::from(*x).exp2();
                let error =
                    (f64::from(found) - exp2_scaled / (1.0 + exp2_scaled)) / (exp2_scaled / (1.0 + exp2_scaled));
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
