//! Kernels of the backward pass: activations, softmax and norms.

use super::math::{Function, Operation, Sigmoid, gaussian};
use super::reduce::{Moments, Rows, fold, moments};
use super::vector::{Vector, for_each_vector, read, write};

macro_rules! derivatives { ($($(#[$docs:meta])* $name:ident($gradient:ident, $x:ident) = $value:expr;)*) => {$(
    $(#[$docs])*
    #[derive(Clone, Copy)]
    pub struct $name;
    impl Operation for $name {
        #[inline(always)]
        unsafe fn apply<V: Vector>(self, $gradient: V, $x: V) -> V {
            // SAFETY: the caller's.
            unsafe { $value }
        }
    }
)*} }

derivatives! {
    /// The gradient where `x` is above zero.
    ReluDerivative(gradient, x) = gradient.mul(V::splat(0.0).select_less(x, V::splat(1.0), V::splat(0.0)));
    /// `s · (1 + x · (1 - s))`.
    SiluDerivative(gradient, x) = {
        let s = Sigmoid.apply(x);
        let one = V::splat(1.0);
        gradient.mul(s.mul(x.mul_add(one.sub(s), one)))
    };
    /// `s · (1 + u · (1 - s))` for the sigmoid of `u = 1.702 x`. Where that is beyond 200, it is 0 or 1.
    QuickGeluDerivative(gradient, x) = {
        let u = x.mul(V::splat(1.702));
        SiluDerivative.apply(gradient, V::splat(-200.0).max(V::splat(200.0).min(u)))
    };
    /// `Φ(x) + x · φ(x)`.
    GeluDerivative(gradient, x) = {
        let [size, density, p, q] = gaussian(x);
        let tail = p.mul(density).div(q);
        let cumulative = x.select_less(V::splat(0.0), tail, V::splat(1.0).sub(tail));
        gradient.mul(size.copysign(x).mul_add(density, cumulative))
    };
    /// `s + x · s · (1 - s) · u'` for the sigmoid of `u = 2 √(2/π) · (x + 0.044715 x³)`. Beyond 100 it is 0 or 1.
    GeluTanhDerivative(gradient, x) = {
        const SCALE: f32 = 1.595_769;
        let x = V::splat(-100.0).max(V::splat(100.0).min(x));
        let square = x.mul(x);
        let s = Sigmoid.apply(x.mul(square.mul_add(V::splat(0.044715 * SCALE), V::splat(SCALE))));
        let derivative = square.mul_add(V::splat(3.0 * 0.044715 * SCALE), V::splat(SCALE));
        gradient.mul(x.mul(s).mul(V::splat(1.0).sub(s)).mul_add(derivative, s))
    };
}

/// The vectors that are summed in `f32`; beyond, the sums are in `f64`, as in [`sums`](super::reduce::sums).
const BLOCK: usize = 32;

/// Each row of gradients of the result `y` of softmax becomes `y · (gradient - Σ gradient · y)`; zero where `y` is, whatever
/// the gradient.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn softmax<V: Vector>(y: &[f32], gradient: &mut [f32], size: usize) {
    /// `y · x`, of a `y` that is not negative.
    #[inline(always)]
    unsafe fn product<V: Vector>(y: V, x: V) -> V {
        // SAFETY: the caller's.
        unsafe { V::splat(0.0).select_less(y, y.mul(x), y) }
    }
    #[inline(always)]
    unsafe fn add<V: Vector, const WHOLE: bool>(at: usize, len: usize, y: *const f32, x: *const f32, sum: &mut V) {
        // SAFETY: the caller's.
        unsafe {
            let (y, x) = (read::<V, WHOLE>(y.add(at), len, 0.0), read::<V, WHOLE>(x.add(at), len, 0.0));
            *sum = sum.add(product(y, x));
        }
    }
    #[inline(always)]
    unsafe fn step<V: Vector, const WHOLE: bool>(at: usize, len: usize, y: *const f32, x: *mut f32, sum: f32) {
        // SAFETY: the caller's.
        unsafe {
            let (y, from) = (read::<V, WHOLE>(y.add(at), len, 0.0), read::<V, WHOLE>(x.add(at), len, 0.0));
            write::<V, WHOLE>(product(y, from.sub(V::splat(sum))), x.add(at), len);
        }
    }
    assert!(size > 0 && y.len() == gradient.len(), "a gradient for each result");
    for (y, gradient) in y.chunks_exact(size).zip(gradient.chunks_exact_mut(size)) {
        let (y, x) = (y.as_ptr(), gradient.as_mut_ptr());
        // SAFETY: the caller's; each step lies inside the row.
        unsafe {
            let mut total = 0.0;
            for first in (0..size).step_by(BLOCK * V::LANES) {
                let mut sum = V::splat(0.0);
                for_each_vector!(V, first..size.min(first + BLOCK * V::LANES), add::<V>(y, x, &mut sum));
                total += sum.sum() as f64;
            }
            for_each_vector!(V, 0..size, step::<V>(y, x, total as f32));
        }
    }
}

/// The pointers to a row of the backward pass of a norm.
#[derive(Clone, Copy)]
struct Row {
    x: *const f32,
    weight: *const f32,
    gradient: *const f32,
    grad_x: *mut f32,
    grad_weight: *mut f32,
    grad_bias: *mut f32,
}

/// Gradients of a norm of rows as long as the weight: see [`plain::norm_backward`](crate::cpu::kernels::plain::norm_backward).
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn norm<V: Vector>(
    [x, weight, gradient]: [&[f32]; 3],
    epsilon: f32,
    centered: bool,
    grad_x: &mut [f32],
    grad_parameters: &mut [f32],
) {
    /// Adds to the gradients of weight and bias, writes `p = gradient · weight`, and sums up `p` and `p · n`.
    #[inline(always)]
    unsafe fn products<V: Vector, const WHOLE: bool>(
        at: usize,
        len: usize,
        row: Row,
        [center, scale, rest]: [f32; 3],
        sums: &mut [V; 2],
    ) {
        // SAFETY: the caller's.
        unsafe {
            let gradient = read::<V, WHOLE>(row.gradient.add(at), len, 0.0);
            let distance = read::<V, WHOLE>(row.x.add(at), len, center).sub(V::splat(center));
            let n = distance.mul_add(V::splat(scale), V::splat(rest));
            let grad_weight = read::<V, WHOLE>(row.grad_weight.add(at), len, 0.0);
            write::<V, WHOLE>(gradient.mul_add(n, grad_weight), row.grad_weight.add(at), len);
            let grad_bias = read::<V, WHOLE>(row.grad_bias.add(at), len, 0.0);
            write::<V, WHOLE>(grad_bias.add(gradient), row.grad_bias.add(at), len);
            let p = gradient.mul(read::<V, WHOLE>(row.weight.add(at), len, 0.0));
            write::<V, WHOLE>(p, row.grad_x.add(at), len);
            *sums = [sums[0].add(p), p.mul_add(n, sums[1])];
        }
    }
    #[inline(always)]
    unsafe fn step<V: Vector, const WHOLE: bool>(
        at: usize,
        len: usize,
        row: Row,
        [center, scale, rest]: [f32; 3],
        [mean, along]: [f32; 2],
    ) {
        // SAFETY: the caller's.
        unsafe {
            let distance = read::<V, WHOLE>(row.x.add(at), len, center).sub(V::splat(center));
            let n = distance.mul_add(V::splat(scale), V::splat(rest));
            let p = read::<V, WHOLE>(row.grad_x.add(at), len, 0.0).sub(V::splat(mean));
            write::<V, WHOLE>(n.mul_add(V::splat(-along), p).mul(V::splat(scale)), row.grad_x.add(at), len);
        }
    }
    let size = weight.len();
    assert!(size > 0 && x.len() == gradient.len() && x.len() == grad_x.len() && grad_parameters.len() == 2 * size);
    let (grad_weight, grad_bias) = grad_parameters.split_at_mut(size);
    let count = size as f64;
    for first in (0..x.len() / size).map(|row| row * size) {
        // SAFETY: the caller's; each step lies inside the row, and the rows inside the slices.
        unsafe {
            let row = Row {
                x: x.as_ptr().add(first),
                weight: weight.as_ptr(),
                gradient: gradient.as_ptr().add(first),
                grad_x: grad_x.as_mut_ptr().add(first),
                grad_weight: grad_weight.as_mut_ptr(),
                grad_bias: grad_bias.as_mut_ptr(),
            };
            let rows = Rows { from: row.x, to: row.grad_x, size };
            let [Moments { center, rest, variance }] = moments::<V, 1>(rows, centered);
            let scale = (variance + epsilon).sqrt().recip();
            // What is left of the mean, scaled.
            let normed = [center, scale, -rest * scale];
            let mut totals = [0.0; 2];
            for first in (0..size).step_by(BLOCK * V::LANES) {
                let mut sums = [V::splat(0.0); 2];
                for_each_vector!(V, first..size.min(first + BLOCK * V::LANES), products::<V>(row, normed, &mut sums));
                let sums = fold(sums, false);
                totals = [totals[0] + sums[0] as f64, totals[1] + sums[1] as f64];
            }
            let [mean, along] = totals.map(|total| (total / count) as f32);
            let mean = if centered { mean } else { 0.0 };
            for_each_vector!(V, 0..size, step::<V>(row, normed, [mean, along]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dispatch::{norm_backward_at, softmax_backward_at};
    use super::super::elementwise::times_derivative_at;
    use super::super::level::levels;
    use crate::backend::Unary;
    use crate::cpu::kernels::plain;

    fn numbers(len: usize, range: f64, seed: u64) -> Vec<f32> {
        let mut rng = fastrand::Rng::with_seed(seed);
        (0..len).map(|_| ((rng.f64() * 2.0 - 1.0) * range) as f32).collect()
    }

    fn wide(x: &[f32]) -> Vec<f64> {
        x.iter().map(|&x| x.into()).collect()
    }

    fn assert_near(name: &str, found: &[f32], expected: &[f64], tolerance: f64) {
        for (&found, expected) in found.iter().zip(expected) {
            let near = (f64::from(found) - expected).abs() <= tolerance * expected.abs().max(1.0);
            assert!(near, "{name}: {found} for {expected}");
        }
    }

    #[test]
    fn derivatives_agree_with_differences_in_double_precision() {
        let x = numbers(if cfg!(miri) { 40 } else { 5000 }, 12.0, 1);
        for op in [Unary::Relu, Unary::Silu, Unary::Gelu, Unary::GeluTanh, Unary::QuickGelu] {
            let at_distance = |distance: f64| {
                let mut moved: Vec<f64> = x.iter().map(|&x| f64::from(x) + distance).collect();
                plain::unary(op, crate::cpu::kernels::in_out::InOut::in_place(&mut moved));
                moved
            };
            let differences = at_distance(1e-5).into_iter().zip(at_distance(-1e-5));
            let derivatives: Vec<f64> = differences.map(|(after, before)| (after - before) / 2e-5).collect();
            for (name, level) in levels() {
                let mut found = vec![1.0; x.len()];
                assert!(times_derivative_at(level, op, &x, &mut found));
                assert_near(&format!("{name}, {op:?}"), &found, &derivatives, 2e-6);
                let mut far = [2.0; 4];
                times_derivative_at(level, op, &[1e30, -1e30, f32::INFINITY, f32::NAN], &mut far);
                assert_eq!(far[..2], [2.0, 0.0], "{name}, {op:?}");
                assert!(far[3].is_nan() || op == Unary::Relu, "{name}, {op:?}");
            }
        }
    }

    #[test]
    fn rows_agree_with_double_precision_at_every_length() {
        let lengths = (1..=70).chain([127, 128, 129, 700]);
        for size in lengths.filter(|len| !cfg!(miri) || len % 9 == 0) {
            let (x, gradient) = (numbers(3 * size, 2.0, 1), numbers(3 * size, 2.0, 2));
            let weight = numbers(size, 2.0, 3);
            // What is masked has a gradient that may be anything.
            let mut y: Vec<f32> = x.iter().map(|x| x.abs() / size as f32).collect();
            let mut spoiled = gradient.clone();
            (y[0], spoiled[0]) = (0.0, f32::NAN);
            let mut expected = wide(&spoiled);
            plain::softmax_backward(&wide(&y), &mut expected, size);
            for (name, level) in levels() {
                let mut found = spoiled.clone();
                softmax_backward_at(level, &y, &mut found, size);
                assert_near(name, &found, &expected, 1e-6);
                for centered in [false, true] {
                    let (mut found, mut grad_parameters) = (vec![0.0; 3 * size], vec![1.0; 2 * size]);
                    norm_backward_at(level, [&x, &weight, &gradient], 0.1, centered, &mut found, &mut grad_parameters);
                    let (mut expected, mut expected_parameters) = (vec![0.0; 3 * size], vec![1.0; 2 * size]);
                    let inputs = [&x, &weight, &gradient].map(|x| wide(x));
                    let [x, weight, gradient] = &inputs;
                    plain::norm_backward(
                        [x, weight, gradient],
                        0.1f32.into(),
                        centered,
                        &mut expected,
                        &mut expected_parameters,
                    );
                    assert_near(name, &found, &expected, 1e-5);
                    assert_near(name, &grad_parameters, &expected_parameters, 1e-5);
                }
            }
        }
    }
}
