//! Kernels of `f16` and `bf16`: operands are widened to `f32`, and results are rounded.

use super::in_out::{InOut, Operand};
use super::matrix::{Matrix, is_nonempty_product};
use super::plain::{COLUMNS, ColumnSum};
use super::simd::{self, Narrow};
use super::wide::{BUFFER, all_widened, calculate, widened, write};
use crate::backend::{Binary, Float, Reduce};
use std::mem::MaybeUninit;

/// The product of `a (m, k)` and `b (k, n)`, into the row-major `c (m, n)`.
pub fn multiply<T: Float<Wide = f32>>(size: [usize; 3], a: Matrix<'_, T>, b: Matrix<'_, T>, c: &mut [T]) {
    let [m, k, n] = size;
    if !is_nonempty_product(size, a, b, c) {
        return c.fill(T::zero());
    }
    // Only the matrices are converted, not the rest of their buffers.
    let (a, b) = (a.cut([m, k]), b.cut([k, n]));
    let (wide_a, wide_b) = (all_widened(a.elements), all_widened(b.elements));
    let a = Matrix { elements: &wide_a, strides: a.strides };
    let b = Matrix { elements: &wide_b, strides: b.strides };
    write(c, |c| simd::multiply(size, a, b, c));
}

/// `op` on each number and the operand; in the other order, if they are swapped.
pub fn binary<T: Float<Wide = f32>>(op: Binary, x: InOut<'_, T>, y: Operand<'_, T>, swapped: bool) {
    let y = match y {
        Operand::Slice(y) => y,
        Operand::Scalar(y) => {
            return calculate(x, |x| simd::binary(op, x, Operand::Scalar(y.widened()), swapped));
        }
    };
    for (x, y) in x.chunks(BUFFER).zip(y.chunks(BUFFER)) {
        let mut buffer = [const { MaybeUninit::uninit() }; BUFFER];
        let mut many = Vec::new();
        let y = widened(y, &mut buffer, &mut many);
        calculate(x, |x| simd::binary(op, x, Operand::Slice(y), swapped));
    }
}

/// Adds rows to sums of columns, of which there are at most [`COLUMNS`].
pub fn add_rows<T: Narrow>(x: &[T], [rows, stride]: [usize; 2], summand: ColumnSum<'_, f32>, sums: &mut [f32]) {
    let mut buffer = [const { MaybeUninit::uninit() }; COLUMNS];
    for row in 0..rows {
        let row = simd::widen(&x[row * stride..][..sums.len()], &mut buffer[..sums.len()]);
        simd::add_rows(row, [1, 0], summand, sums);
    }
}

/// `op` of each row of so many numbers, which are not empty.
pub fn reduce_rows<T: Float<Wide = f32>>(op: Reduce, x: &[T], size: usize, out: &mut [T]) {
    let rows = (BUFFER / size).max(1);
    for (x, out) in x.chunks(rows * size).zip(out.chunks_mut(rows)) {
        let mut buffer = [const { MaybeUninit::uninit() }; BUFFER];
        let mut many = Vec::new();
        let x = widened(x, &mut buffer, &mut many);
        calculate(InOut::in_place(out), |mut out| simd::reduce(op, x, size, out.to()));
    }
}
