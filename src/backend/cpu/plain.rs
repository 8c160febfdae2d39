//! Kernels in plain loops, for every type that is calculated with.

use super::in_out::{InOut, Operand};
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

/// The largest number of each row of so many, and the logarithm of the sum of `exp(x - largest)`.
pub fn log_sums<T: Real>(x: &[T], size: usize, out: &mut [[T; 2]]) {
    for (row, out) in x.chunks_exact(size).zip(out) {
        let largest = largest(row);
        *out = [largest, sum(row, |x| (x - largest).exp()).ln()];
    }
}

/// `x` becomes `(x - center) · scale · weight + bias`: see [`Real::norm`].
pub fn norm<T: Real>(x: InOut<'_, T>, weight: &[T], bias: Option<&[T]>, epsilon: f64, centered: bool) {
    let count = T::constant(weight.len() as f64);
    for mut row in x.chunks(weight.len()) {
        let x = row.from();
        let center = if centered { sum(x, |x| x) / count } else { T::zero() };
        let square = sum(x, |x| (x - center) * (x - center)) / count;
        let scale = (square + T::constant(epsilon)).sqrt().recip();
        let len = row.len();
        row.part(0..len).zip(weight, |x, weight| (x - center) * scale * weight);
        if let Some(bias) = bias {
            InOut::in_place(row.to()).zip(bias, |x, bias| x + bias);
        }
    }
}
