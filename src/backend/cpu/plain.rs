//! Kernels in plain loops, for every type that is calculated with.

use super::matmul::{Matrix, has_terms, share_rows};
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
    share_rows(size, a, c, |a, c| {
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

/// `op` on each number.
pub fn unary<T: Real>(op: Unary, x: &mut [T]) {
    let (zero, one, constant) = (T::zero(), T::one(), T::constant);
    macro_rules! each {
        ($f:expr) => {
            x.iter_mut().for_each(|x| *x = $f(*x))
        };
    }
    match op {
        Unary::Abs => each!(T::abs),
        Unary::Neg => each!(|x: T| -x),
        Unary::Recip => each!(T::recip),
        Unary::Square => each!(|x: T| x * x),
        Unary::Sqrt => each!(T::sqrt),
        Unary::Exp => each!(T::exp),
        Unary::Ln => each!(T::ln),
        Unary::Sin => each!(T::sin),
        Unary::Cos => each!(T::cos),
        Unary::Tanh => each!(T::tanh),
        Unary::Sigmoid => each!(|x: T| one / (one + (-x).exp())),
        Unary::Relu => each!(|x: T| if x < zero { zero } else { x }),
        Unary::Gelu => {
            let (half, root) = (constant(0.5), constant(std::f64::consts::FRAC_1_SQRT_2));
            each!(|x: T| x * half * (one + (x * root).erf()))
        }
        Unary::GeluTanh => {
            // (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)), which is faster and loses no digits where u is negative.
            let (cubic, scale) = (constant(0.044715), constant(-2.0 * (2.0 / std::f64::consts::PI).sqrt()));
            each!(|x: T| x / (one + (scale * (x + cubic * x * x * x)).exp()))
        }
        Unary::Silu => each!(|x: T| x / (one + (-x).exp())),
    }
}

fn largest<T: Real>(x: &[T]) -> T {
    x.iter().copied().fold(T::neg_infinity(), T::max)
}

/// `x` becomes `exp(x) / sum(exp(x))`.
pub fn softmax<T: Real>(x: &mut [T]) {
    let largest = largest(x);
    x.iter_mut().for_each(|x| *x = (*x - largest).exp());
    let scale = sum(x, |x| x).recip();
    x.iter_mut().for_each(|x| *x = *x * scale);
}

/// The largest number, and the logarithm of `sum(exp(x - largest))`.
pub fn log_sum_exp<T: Real>(x: &[T]) -> (T, T) {
    let largest = largest(x);
    (largest, sum(x, |x| (x - largest).exp()).ln())
}

/// `x` becomes `(x - center) · scale · weight + bias`: see [`Real::norm`].
pub fn norm<T: Real>(x: &mut [T], weight: &[T], bias: Option<&[T]>, epsilon: f64, centered: bool) {
    let count = T::constant(x.len() as f64);
    let center = if centered { sum(x, |x| x) / count } else { T::zero() };
    let square = sum(x, |x| (x - center) * (x - center)) / count;
    let scale = (square + T::constant(epsilon)).sqrt().recip();
    x.iter_mut().zip(weight).for_each(|(x, &weight)| *x = (*x - center) * scale * weight);
    if let Some(bias) = bias {
        x.iter_mut().zip(bias).for_each(|(x, &bias)| *x = *x + bias);
    }
}
