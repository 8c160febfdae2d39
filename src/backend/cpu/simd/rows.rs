//! Kernels over a row of numbers, whatever its length.
//!
//! Sums are kept in four vectors: additions wait for each other, and a processor does several at a time.

use super::math::{self, Function};
use super::vector::{Vector, load, store};

/// `f` of each number.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn map<V: Vector, F: Function>(f: F, x: &mut [f32]) {
    // SAFETY: the caller's.
    unsafe {
        for part in x.chunks_mut(V::LANES) {
            store(f.apply(load::<V>(part, 0.0)), part);
        }
    }
}

/// The sum of `f` of each number. What a vector is filled up with is `nothing`, of which `f` is zero.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn sum<V: Vector, F: Function>(f: F, x: &[f32], nothing: f32) -> f32 {
    let mut blocks = x.chunks_exact(4 * V::LANES);
    // SAFETY: the caller's; each part is as long as a vector or, the last one, shorter.
    unsafe {
        let mut sums = [V::splat(0.0); 4];
        for block in &mut blocks {
            for (part, sum) in block.chunks_exact(V::LANES).zip(&mut sums) {
                *sum = sum.add(f.apply(V::load(part)));
            }
        }
        for (part, sum) in blocks.remainder().chunks(V::LANES).zip(&mut sums) {
            *sum = sum.add(f.apply(load(part, nothing)));
        }
        total(sums)
    }
}

/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn total<V: Vector>([a, b, c, d]: [V; 4]) -> f32 {
    // SAFETY: the caller's.
    unsafe { a.add(b).add(c.add(d)).sum() }
}

/// The largest number, where none is NaN.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn largest<V: Vector>(x: &[f32]) -> f32 {
    // SAFETY: the caller's.
    unsafe {
        let mut largest = V::splat(f32::NEG_INFINITY);
        for part in x.chunks(V::LANES) {
            largest = largest.max(load(part, f32::NEG_INFINITY));
        }
        largest.largest()
    }
}

/// The number itself.
#[derive(Clone, Copy)]
struct Same;
impl Function for Same {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        x
    }
}

/// The square of the distance from a number.
#[derive(Clone, Copy)]
struct SquareFrom(f32);
impl Function for SquareFrom {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe {
            let distance = x.sub(V::splat(self.0));
            distance.mul(distance)
        }
    }
}

/// `e` to the power of the distance from a number.
#[derive(Clone, Copy)]
struct ExpFrom(f32);
impl Function for ExpFrom {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe { math::exp(x.sub(V::splat(self.0))) }
    }
}

/// `x` becomes `exp(x) / sum(exp(x))`; NaN everywhere, where one of them is NaN or none is finite.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn softmax<V: Vector>(x: &mut [f32]) {
    // SAFETY: the caller's.
    unsafe {
        let distance = ExpFrom(largest::<V>(x));
        let mut sums = [V::splat(0.0); 4];
        for block in x.chunks_mut(4 * V::LANES) {
            for (part, sum) in block.chunks_mut(V::LANES).zip(&mut sums) {
                let power = distance.apply(load::<V>(part, f32::NEG_INFINITY));
                *sum = sum.add(power);
                store(power, part);
            }
        }
        let scale = V::splat(total(sums).recip());
        for part in x.chunks_mut(V::LANES) {
            store(load::<V>(part, 0.0).mul(scale), part);
        }
    }
}

/// The largest number, and the logarithm of `sum(exp(x - largest))`.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn log_sum_exp<V: Vector>(x: &[f32]) -> (f32, f32) {
    // SAFETY: the caller's.
    unsafe {
        let largest = largest::<V>(x);
        (largest, sum::<V, _>(ExpFrom(largest), x, f32::NEG_INFINITY).ln())
    }
}

/// `x` becomes `(x - center) · scale · weight + bias`, with the mean for a center or zero, and for a scale one by the
/// root of the mean square distance from it.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn norm<V: Vector>(x: &mut [f32], weight: &[f32], bias: Option<&[f32]>, epsilon: f32, centered: bool) {
    assert!(weight.len() == x.len() && bias.is_none_or(|bias| bias.len() == x.len()), "a weight for each number");
    let count = x.len() as f32;
    // SAFETY: the caller's; parts of equal length are taken of slices of equal length.
    unsafe {
        let center = if centered { sum::<V, _>(Same, x, 0.0) / count } else { 0.0 };
        let scale = (sum::<V, _>(SquareFrom(center), x, center) / count + epsilon).sqrt().recip();
        let (center, scale) = (V::splat(center), V::splat(scale));
        for first in (0..x.len()).step_by(V::LANES) {
            let part = first..x.len().min(first + V::LANES);
            let weight = load::<V>(&weight[part.clone()], 0.0);
            let bias = match bias {
                Some(bias) => load(&bias[part.clone()], 0.0),
                None => V::splat(0.0),
            };
            let x = &mut x[part];
            store(load::<V>(x, 0.0).sub(center).mul(scale).mul_add(weight, bias), x);
        }
    }
}
