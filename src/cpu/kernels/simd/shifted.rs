//! Sums of what lies some places further on, and products with it: convolutions of a channel by itself are made of these.

use super::vector::{Vector, for_each_vector, read, write};

fn assert_inside(offsets: &[usize], len: usize, from: &[f32]) {
    let is_inside = |&offset: &usize| offset.checked_add(len).is_some_and(|end| end <= from.len());
    assert!(offsets.iter().all(is_inside), "what is shifted ends too soon");
}

/// Adds to each number of `out` those that lie at offsets further on in `from`, each times its weight.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn add<V: Vector>(from: &[f32], offsets: &[usize], weights: &[f32], out: &mut [f32]) {
    /// For some vectors, whose sums stay in registers.
    #[inline(always)]
    unsafe fn step<V: Vector, const VECTORS: usize, const WHOLE: bool>(
        len: usize,
        from: *const f32,
        offsets: &[usize],
        weights: &[f32],
        out: *mut f32,
    ) {
        // SAFETY: the caller's.
        unsafe {
            let mut sums = [V::splat(0.0); VECTORS];
            for part in 0..VECTORS {
                sums[part] = read::<V, WHOLE>(out.add(part * V::LANES), len, 0.0);
            }
            for (&offset, &weight) in offsets.iter().zip(weights) {
                let weight = V::splat(weight);
                for part in 0..VECTORS {
                    let x = read::<V, WHOLE>(from.add(offset + part * V::LANES), len, 0.0);
                    sums[part] = x.accumulate(weight, sums[part]);
                }
            }
            for part in 0..VECTORS {
                write::<V, WHOLE>(sums[part], out.add(part * V::LANES), len);
            }
        }
    }
    assert_eq!(offsets.len(), weights.len(), "a weight for each offset");
    assert_inside(offsets, out.len(), from);
    let (len, mut at) = (out.len(), 0);
    while at < len {
        let rest = len - at;
        // SAFETY: the caller's; each step lies inside the slices.
        unsafe {
            let (from, out) = (from.as_ptr().add(at), out.as_mut_ptr().add(at));
            if rest >= 8 * V::LANES {
                step::<V, 8, true>(V::LANES, from, offsets, weights, out);
                at += 8 * V::LANES;
            } else if rest >= 4 * V::LANES {
                step::<V, 4, true>(V::LANES, from, offsets, weights, out);
                at += 4 * V::LANES;
            } else if rest >= 2 * V::LANES {
                step::<V, 2, true>(V::LANES, from, offsets, weights, out);
                at += 2 * V::LANES;
            } else if rest >= V::LANES {
                step::<V, 1, true>(V::LANES, from, offsets, weights, out);
                at += V::LANES;
            } else {
                step::<V, 1, false>(rest, from, offsets, weights, out);
                at += rest;
            }
        }
    }
}

/// Adds to each sum the products of `x` and what lies at its offset further on in `from`.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn dots<V: Vector>(x: &[f32], from: &[f32], offsets: &[usize], sums: &mut [f32]) {
    #[inline(always)]
    unsafe fn step<V: Vector, const OFFSETS: usize, const WHOLE: bool>(
        at: usize,
        len: usize,
        x: *const f32,
        from: *const f32,
        offsets: &[usize],
        sums: &mut [V; OFFSETS],
    ) {
        // SAFETY: the caller's.
        unsafe {
            let x = read::<V, WHOLE>(x.add(at), len, 0.0);
            for i in 0..OFFSETS {
                sums[i] = read::<V, WHOLE>(from.add(offsets[i] + at), len, 0.0).accumulate(x, sums[i]);
            }
        }
    }
    /// For some offsets, whose sums stay in registers: two for each, since an addition waits for the one before.
    #[inline(always)]
    unsafe fn of<V: Vector, const OFFSETS: usize>(x: &[f32], from: &[f32], offsets: &[usize], sums: &mut [f32]) {
        // SAFETY: the caller's; each step lies inside the slices.
        unsafe {
            let (mut even, mut odd) = ([V::splat(0.0); OFFSETS], [V::splat(0.0); OFFSETS]);
            let (x_at, from_at) = (x.as_ptr(), from.as_ptr());
            let mut at = 0;
            while at + 2 * V::LANES <= x.len() {
                step::<V, OFFSETS, true>(at, V::LANES, x_at, from_at, offsets, &mut even);
                step::<V, OFFSETS, true>(at + V::LANES, V::LANES, x_at, from_at, offsets, &mut odd);
                at += 2 * V::LANES;
            }
            for_each_vector!(V, at..x.len(), step::<V, OFFSETS>(x_at, from_at, offsets, &mut even));
            for i in 0..OFFSETS {
                sums[i] += even[i].add(odd[i]).sum();
            }
        }
    }
    assert_eq!(offsets.len(), sums.len(), "a sum for each offset");
    assert_inside(offsets, x.len(), from);
    for (offsets, sums) in offsets.chunks(3).zip(sums.chunks_mut(3)) {
        // SAFETY: the caller's; there are so many offsets.
        unsafe {
            match offsets.len() {
                3 => of::<V, 3>(x, from, offsets, sums),
                2 => of::<V, 2>(x, from, offsets, sums),
                _ => of::<V, 1>(x, from, offsets, sums),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dispatch::{add_shifted_at, shifted_dots_at};
    use super::super::level::levels;

    #[test]
    fn shifted_sums_and_products_are_those_of_loops_at_every_length() {
        let mut rng = fastrand::Rng::with_seed(1);
        for len in (0..=40).chain([127, 128, 150, 300]).filter(|len| !cfg!(miri) || [0, 37].contains(len)) {
            for offsets in [&[][..], &[0], &[3, 0], &[0, 1, 2, 9, 10, 11, 18, 19], &[7, 7, 1, 0, 5, 2, 3]] {
                let mut random = |len: usize| (0..len).map(|_| rng.f32() - 0.5).collect::<Vec<_>>();
                let (from, weights, x) = (random(len + 19), random(offsets.len()), random(len));
                let of = |at: usize, i: usize| f64::from(from[at + offsets[i]]);
                for (name, level) in levels() {
                    let mut out = x.clone();
                    add_shifted_at(level, &from, offsets, &weights, &mut out);
                    for (at, found) in out.into_iter().enumerate() {
                        let terms = (0..offsets.len()).map(|i| of(at, i) * f64::from(weights[i]));
                        let expected = f64::from(x[at]) + terms.sum::<f64>();
                        // Nine roundings of numbers below 3.
                        assert!((f64::from(found) - expected).abs() < 2e-6, "{name}, {len}: {found} for {expected}");
                    }
                    let mut sums = vec![1.0; offsets.len()];
                    shifted_dots_at(level, &x, &from, offsets, &mut sums);
                    for (i, found) in sums.into_iter().enumerate() {
                        let expected = 1.0 + (0..len).map(|at| of(at, i) * f64::from(x[at])).sum::<f64>();
                        // At most 300 roundings of numbers below 10.
                        assert!((f64::from(found) - expected).abs() < 1e-4, "{name}, {len}: {found} for {expected}");
                    }
                }
            }
        }
    }

    #[test]
    #[cfg_attr(target_family = "wasm", ignore)] // A panic ends the program.
    fn what_ends_too_soon_is_refused() {
        for (name, level) in levels() {
            let add = || add_shifted_at(level, &[0.0; 8], &[usize::MAX], &[1.0], &mut [0.0; 8]);
            let dots = || shifted_dots_at(level, &[0.0; 8], &[0.0; 8], &[1], &mut [0.0]);
            assert!(std::panic::catch_unwind(add).is_err() && std::panic::catch_unwind(dots).is_err(), "{name}");
        }
    }
}
