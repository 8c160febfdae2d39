//! Softmax and norms of rows, and their backward passes.

use super::reduce::sum;
use crate::backend::Real;
use crate::cpu::kernels::in_out::InOut;

fn largest<T: Real>(x: &[T]) -> T {
    x.iter().copied().fold(T::neg_infinity(), T::max)
}

/// `exp(x) / sum(exp(x))` of each row of so many numbers.
pub fn softmax<T: Real>(x: InOut<'_, T>, size: usize) {
    for row in x.chunks(size) {
        let largest = largest(row.from());
        let row = row.copied();
        row.iter_mut().for_each(|x| *x = (*x - largest).exp());
        let scale = sum(row, |x| x).recip();
        row.iter_mut().for_each(|x| *x = *x * scale);
    }
}

/// `x - ln(sum(exp(x)))` of each row of so many numbers.
pub fn log_softmax<T: Real>(x: InOut<'_, T>, size: usize) {
    for row in x.chunks(size) {
        let largest = largest(row.from());
        let log = sum(row.from(), |x| (x - largest).exp()).ln();
        // The largest goes first: added to the logarithm, it would swallow its digits.
        row.map(|x| x - largest - log);
    }
}

/// Each row of gradients of the result `y` of softmax becomes `y · (gradient - Σ gradient · y)`. Where `y` is zero, so is this,
/// whatever the gradient: it may be that of something masked.
pub fn softmax_backward<T: Real>(y: &[T], gradient: &mut [T], size: usize) {
    let product = |y: T, x: T| if y == T::zero() { y } else { y * x };
    for (y, gradient) in y.chunks_exact(size).zip(gradient.chunks_exact_mut(size)) {
        let sum = sum_pairs(y, gradient, product);
        gradient.iter_mut().zip(y).for_each(|(x, &y)| *x = product(y, *x - sum));
    }
}

/// The largest number of each row of so many, and the logarithm of the sum of `exp(x - largest)`.
pub fn log_sums<T: Real>(x: &[T], size: usize, out: &mut [[T; 2]]) {
    for (row, out) in x.chunks_exact(size).zip(out) {
        let largest = largest(row);
        *out = [largest, sum(row, |x| (x - largest).exp()).ln()];
    }
}

/// The distance from the center of a row of so many numbers, and its scale: see [`Real::norm`]. The center is the first number
/// and the mean distance from it: a constant row has a distance of zero.
fn normed<T: Real>(x: &[T], count: T, epsilon: f64, centered: bool) -> (impl Fn(T) -> T + Copy + use<T>, T) {
    let first = x.first().copied().filter(|_| centered).unwrap_or(T::zero());
    let mean = if centered { sum(x, |x| x - first) / count } else { T::zero() };
    let distance = move |x| x - first - mean;
    let square = sum(x, |x| distance(x) * distance(x)) / count;
    (distance, (square + T::constant(epsilon)).sqrt().recip())
}

/// `x` becomes `(x - center) · scale · weight + bias`: see [`Real::norm`].
pub fn norm<T: Real>(x: InOut<'_, T>, weight: &[T], bias: Option<&[T]>, epsilon: f64, centered: bool) {
    let count = T::constant(weight.len() as f64);
    for mut row in x.chunks(weight.len()) {
        let (distance, scale) = normed(row.from(), count, epsilon, centered);
        let len = row.len();
        row.part(0..len).zip(weight, |x, weight| distance(x) * scale * weight);
        if let Some(bias) = bias {
            InOut::in_place(row.to()).zip(bias, |x, bias| x + bias);
        }
    }
}

/// The sum of `f` of each pair, in halves: see [`sum`].
pub fn sum_pairs<T: Real>(x: &[T], y: &[T], f: impl Fn(T, T) -> T + Copy) -> T {
    if x.len() > 256 {
        let half = x.len() / 2;
        return sum_pairs(&x[..half], &y[..half], f) + sum_pairs(&x[half..], &y[half..], f);
    }
    let mut lanes = [T::zero(); 8];
    let (chunks, y_chunks) = (x.chunks_exact(8), y.chunks_exact(8));
    let (rest, y_rest) = (chunks.remainder(), y_chunks.remainder());
    for (x, y) in chunks.zip(y_chunks) {
        for i in 0..8 {
            lanes[i] = lanes[i] + f(x[i], y[i]);
        }
    }
    let sum = lanes.into_iter().fold(T::zero(), |sum, x| sum + x);
    rest.iter().zip(y_rest).fold(sum, |sum, (&x, &y)| sum + f(x, y))
}

/// Of a norm, from `x`, the weight and the gradients of rows: those of `x` are written, those of the weight and then of the
/// bias added to what is there.
///
/// With `n = (x - center) · scale`, the gradient of `x` is `scale · (p - mean(p) - n · mean(p · n))` for
/// `p = gradient · weight`; without a center, the mean of `p` is left out.
pub fn norm_backward<T: Real>(
    [x, weight, gradient]: [&[T]; 3],
    epsilon: f64,
    centered: bool,
    grad_x: &mut [T],
    grad_parameters: &mut [T],
) {
    let size = weight.len();
    let count = T::constant(size as f64);
    let (grad_weight, grad_bias) = grad_parameters.split_at_mut(size);
    let rows = x.chunks_exact(size).zip(gradient.chunks_exact(size)).zip(grad_x.chunks_exact_mut(size));
    for ((x, gradient), grad_x) in rows {
        let (distance, scale) = normed(x, count, epsilon, centered);
        for i in 0..size {
            let normed = distance(x[i]) * scale;
            grad_weight[i] = grad_weight[i] + gradient[i] * normed;
            grad_bias[i] = grad_bias[i] + gradient[i];
            grad_x[i] = gradient[i] * weight[i];
        }
        let mean = if centered { sum(grad_x, |x| x) / count } else { T::zero() };
        let along = sum_pairs(grad_x, x, |p, x| p * distance(x)) * scale / count;
        for (grad_x, &x) in grad_x.iter_mut().zip(x) {
            *grad_x = scale * (*grad_x - mean - distance(x) * scale * along);
        }
    }
}
