//! Gradients of what is calculated along rows: softmax and norms. Each row is gone through once or twice.

use super::super::array::Array;
use super::super::elementwise::rows_of_chunk;
use super::super::in_out::InOut;
use super::super::parallel::for_each_chunk;
use super::super::reduce::reduce;
use crate::backend::{Float, Real, Reduce};

/// The sum of `f` of each pair, in halves: see [`sum`](super::super::reduce::sum).
fn sum_pairs<T: Real>(x: &[T], y: &[T], f: impl Fn(T, T) -> T + Copy) -> T {
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

/// `f` on the rows along an axis, of the result and of its gradient.
fn along<T: Float>(
    result: &Array<T>,
    axis: usize,
    gradient: Array<T>,
    f: impl Fn(&[T::Wide], &mut [T::Wide]) + Sync,
) -> Array<T> {
    let rank = gradient.sizes().len();
    let is_last = axis + 1 == rank;
    let moved = if is_last { gradient } else { gradient.move_last(axis) };
    let result = if is_last { result.clone() } else { result.move_last(axis) };
    let size = result.sizes()[rank - 1];
    let chunk = size * rows_of_chunk(size);
    let elements = result.elements();
    let found = moved.transform(chunk, chunk * 2, |i, rows| {
        let result = T::all_widened(&elements[i * chunk..][..rows.len()]);
        T::calculate(rows, |rows| {
            let rows = rows.copied().chunks_exact_mut(size.max(1));
            result.chunks_exact(size.max(1)).zip(rows).for_each(|(result, row)| f(result, row));
        });
    });
    if is_last { found } else { found.move_last_to(axis) }
}

/// `y · (gradient - sum(gradient · y))` for the result `y` of softmax. Where that is zero, so is this, whatever the
/// gradient: it may be that of something masked.
pub fn softmax<T: Float>(y: &Array<T>, axis: usize, gradient: Array<T>) -> Array<T> {
    along(y, axis, gradient, softmax_row)
}

pub fn softmax_row<T: Real>(y: &[T], gradient: &mut [T]) {
    let product = |y: T, x: T| if y == T::zero() { y } else { y * x };
    let sum = sum_pairs(y, gradient, product);
    gradient.iter_mut().zip(y).for_each(|(x, &y)| *x = product(y, *x - sum));
}

/// `gradient - exp(y) · sum(gradient)` for the result `y` of the logarithm of softmax.
pub fn log_softmax<T: Float>(y: &Array<T>, axis: usize, gradient: Array<T>) -> Array<T> {
    along(y, axis, gradient, |y, row| {
        let sum = sum_pairs(row, row, |x, _| x);
        let mut share = y.to_vec();
        T::Wide::unary(crate::backend::Unary::Exp, InOut::in_place(&mut share));
        row.iter_mut().zip(&share).for_each(|(x, &share)| *x = *x - share * sum);
    })
}

/// Some rows of the gradients of a norm.
struct Part<'a, T, W> {
    of_x: &'a mut [T],
    /// Of the weight, and then of the bias.
    of_parameters: &'a mut [W],
}

/// Of a norm: of its argument, its weight and its bias.
///
/// With `n = (x - center) · scale`, the gradient of `x` is `scale · (p - mean(p) - n · mean(p · n))` for
/// `p = gradient · weight`; without a center, the mean of `p` is left out.
pub fn norm<T: Float>(
    x: &Array<T>,
    weight: &Array<T>,
    centered: bool,
    epsilon: f64,
    gradient: Array<T>,
) -> Vec<Option<Array<T>>> {
    /// So many rows at least are summed for the parameters at a time.
    const ROWS: usize = 32;
    let size = weight.sizes()[0];
    if size == 0 || x.layout().len() == 0 {
        let zeros = Array::full(T::zero(), &[size]);
        return vec![Some(gradient), Some(zeros.clone()), Some(zeros)];
    }
    let chunk = size * rows_of_chunk(size).max(ROWS);
    let (x, weight, gradient) = (x.elements(), weight.elements(), (gradient.elements(), gradient.sizes().to_vec()));
    let weight = T::all_widened(&weight);
    let mut of_parameters = vec![T::Wide::constant(0.0); x.len().div_ceil(chunk) * 2 * size];
    let of_x = Array::build(&gradient.1, |of_x| {
        let parts = of_x.chunks_mut(chunk).zip(of_parameters.chunks_mut(2 * size));
        let mut parts: Vec<_> = parts.map(|(of_x, of_parameters)| Part { of_x, of_parameters }).collect();
        for_each_chunk(&mut parts, 1, chunk * 8, |i, parts| {
            for Part { of_x, of_parameters } in parts {
                let part = i * chunk..i * chunk + of_x.len();
                let (x, gradient) = (T::all_widened(&x[part.clone()]), T::all_widened(&gradient.0[part]));
                T::write(of_x, |of_x| {
                    let of_x = of_x.chunks_exact_mut(size);
                    for ((x, gradient), of_x) in x.chunks_exact(size).zip(gradient.chunks_exact(size)).zip(of_x) {
                        norm_row([x, &weight, gradient], centered, epsilon, of_x, of_parameters);
                    }
                });
            }
        });
    });
    let sums = Array::from_vec(of_parameters, &[x.len().div_ceil(chunk), 2 * size]);
    let sums = reduce(Reduce::Sum, &sums, 0);
    let of_parameter = |start: usize| {
        let sums = sums.narrow(0, start, size);
        Some(Array::collect(&[size], sums.elements().iter().map(|&x| T::rounded(x))))
    };
    vec![Some(of_x), of_parameter(0), of_parameter(size)]
}

fn norm_row<T: Real>(
    [x, weight, gradient]: [&[T]; 3],
    centered: bool,
    epsilon: f64,
    of_x: &mut [T],
    of_parameters: &mut [T],
) {
    let size = x.len();
    let count = T::constant(size as f64);
    let center = if centered { sum_pairs(x, x, |x, _| x) / count } else { T::zero() };
    let square = sum_pairs(x, x, |x, _| (x - center) * (x - center)) / count;
    let scale = (square + T::constant(epsilon)).sqrt().recip();
    let (of_weight, of_bias) = of_parameters.split_at_mut(size);
    for i in 0..size {
        let normed = (x[i] - center) * scale;
        of_weight[i] = of_weight[i] + gradient[i] * normed;
        of_bias[i] = of_bias[i] + gradient[i];
        of_x[i] = gradient[i] * weight[i];
    }
    let mean = if centered { sum_pairs(of_x, of_x, |x, _| x) / count } else { T::zero() };
    let along = sum_pairs(of_x, x, |p, x| p * (x - center)) * scale / count;
    for (of_x, &x) in of_x.iter_mut().zip(x) {
        *of_x = scale * (*of_x - mean - (x - center) * scale * along);
    }
}
