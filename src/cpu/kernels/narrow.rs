//! Kernels of `f16` and `bf16`: operands are widened to `f32`, and results are rounded.

use super::in_out::{InOut, Operand};
use super::plain::{COLUMNS, ColumnSum};
use super::simd::{self, Narrow};
use super::wide::{BUFFER, calculate, widened};
use crate::backend::{Binary, Float, Reduce};
use std::mem::MaybeUninit;

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
