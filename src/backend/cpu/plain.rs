//! Kernels in plain loops, for every type that is calculated with.

use super::in_out::{InOut, Link, Operand};
use super::matmul::{Matrix, even_rows, has_terms, share_rows};
use super::reduce::sum;
use crate::backend::{Binary, Number, Real, Unary};
use std::borrow::Cow;

/// The product of `a (m, k)` and `b (k, n)`, into the row-major `c (m, n)`.
pub fn multiply<T: Number>(size: [usize; 3], a: Matrix<'_, T>, b: Matrix<'_, T>, c: &mut [T]) {
    c.fill(T::zero());
    if !has_terms(size, a, b, c) {
        return;
    }
    let [_, k, n] = size;
    // The inner loop needs the rows of `b` one after another.
    let (rows, stride) = if b.strides[1] == 1 {
        (Cow::Borrowed(b.elements), b.strides[0])
    } else {
        let mut rows = vec![T::zero(); k * n];
        // A few columns at a time, so that neither side is read or written with long gaps only.
        for first in (0..n).step_by(16) {
            for (l, row) in rows.chunks_mut(n).enumerate() {
                for (j, x) in row.iter_mut().enumerate().skip(first).take(16) {
                    *x = b.elements[l * b.strides[0] + j * b.strides[1]];
                }
            }
        }
        (Cow::Owned(rows), n)
    };
    share_rows(even_rows(size), a, c, |_, a, c| {
        for (i, c) in c.chunks_mut(n).enumerate() {
            for l in 0..k {
                let x = a.elements[i * a.strides[0] + l * a.strides[1]];
                for (c, &y) in c.iter_mut().zip(&rows[l * stride..][..n]) {
                    *c = T::binary(Binary::Add, *c, T::binary(Binary::Mul, x, y));
                }
            }
        }
    });
}

/// `op` on each number and the operand; in the other order, if they are swapped.
pub fn binary<T: Number>(op: Binary, x: InOut<'_, T>, y: Operand<'_, T>, swapped: bool) {
    // Each operation is named where its loop is compiled, so that the loop holds no choice.
    macro_rules! each { ($($op:ident)*) => {
        match (op, y, swapped) {$(
            (Binary::$op, Operand::Slice(y), false) => x.zip(y, |x, y| T::binary(Binary::$op, x, y)),
            (Binary::$op, Operand::Slice(y), true) => x.zip(y, |x, y| T::binary(Binary::$op, y, x)),
            (Binary::$op, Operand::Scalar(y), false) => x.map(|x| T::binary(Binary::$op, x, y)),
            (Binary::$op, Operand::Scalar(y), true) => x.map(|x| T::binary(Binary::$op, y, x)),
        )*}
    } }
    each!(Add Sub Mul Div Max Min)
}

/// `op` on each number.
pub fn unary<T: Real>(op: Unary, x: InOut<'_, T>) {
    let (zero, one, constant) = (T::zero(), T::one(), T::constant);
    match op {
        Unary::Abs => x.map(T::abs),
        Unary::Neg => x.map(|x: T| -x),
        Unary::Recip => x.map(T::recip),
        Unary::Square => x.map(|x: T| x * x),
        Unary::Sqrt => x.map(T::sqrt),
        Unary::Exp => x.map(T::exp),
        Unary::Ln => x.map(T::ln),
        Unary::Sin => x.map(T::sin),
        Unary::Cos => x.map(T::cos),
        Unary::Tanh => x.map(T::tanh),
        Unary::Sigmoid => x.map(|x: T| one / (one + (-x).exp())),
        Unary::Relu => x.map(|x: T| if x < zero { zero } else { x }),
        Unary::Gelu => {
            let (half, root) = (constant(0.5), constant(std::f64::consts::FRAC_1_SQRT_2));
            x.map(|x: T| x * half * (one + (x * root).erf()))
        }
        Unary::GeluTanh => {
            // (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)), which is faster and loses no digits where u is negative.
            let (cubic, scale) = (constant(0.044715), constant(-2.0 * (2.0 / std::f64::consts::PI).sqrt()));
            x.map(|x: T| x / (one + (scale * (x + cubic * x * x * x)).exp()))
        }
        Unary::Silu => x.map(|x: T| x / (one + (-x).exp())),
        Unary::Softplus => x.map(|x: T| if x > zero { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }),
    }
}

/// The operations one after another on each number, one pass for each.
pub fn chain<T: Real>(mut x: InOut<'_, T>, links: &[Link<'_, T>]) {
    let len = x.len();
    for (i, link) in links.iter().enumerate() {
        let part = if i == 0 { x.part(0..len) } else { InOut::in_place(x.to()) };
        match *link {
            Link::Unary(op) => T::unary(op, part),
            Link::Binary(op, y, swapped) => T::binary_all(op, part, y, swapped),
        }
    }
}

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

/// Of a norm, from `x`, the weight and the gradients of rows: those of `x` are written, those of the weight and then of the
/// bias added to what is there.
///
/// With `n = (x - center) · scale`, the gradient of `x` is `scale · (p - mean(p) - n · mean(p · n))` for
/// `p = gradient · weight`; without a center, the mean of `p` is left out.
pub fn norm_backward<T: Real>(
    [x, weight, gradient]: [&[T]; 3],
    epsilon: f64,
    centered: bool,
    of_x: &mut [T],
    of_parameters: &mut [T],
) {
    let size = weight.len();
    let count = T::constant(size as f64);
    let (of_weight, of_bias) = of_parameters.split_at_mut(size);
    let rows = x.chunks_exact(size).zip(gradient.chunks_exact(size)).zip(of_x.chunks_exact_mut(size));
    for ((x, gradient), of_x) in rows {
        let (distance, scale) = normed(x, count, epsilon, centered);
        for i in 0..size {
            let normed = distance(x[i]) * scale;
            of_weight[i] = of_weight[i] + gradient[i] * normed;
            of_bias[i] = of_bias[i] + gradient[i];
            of_x[i] = gradient[i] * weight[i];
        }
        let mean = if centered { sum(of_x, |x| x) / count } else { T::zero() };
        let along = sum_pairs(of_x, x, |p, x| p * distance(x)) * scale / count;
        for (of_x, &x) in of_x.iter_mut().zip(x) {
            *of_x = scale * (*of_x - mean - distance(x) * scale * along);
        }
    }
}
