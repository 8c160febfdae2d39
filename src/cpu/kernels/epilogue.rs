//! What becomes of a product, while it is still at hand.

use super::in_out::{InOut, Operand};
use crate::backend::{Binary, Epilogue, Number, Unary};

/// The epilogue on rows of a product of so many columns, which begin with the given element, by these kernels.
pub fn finish<T: Number>(
    after: Epilogue<'_, [T]>,
    columns: usize,
    first: usize,
    out: &mut [T],
    unary: impl Fn(Unary, InOut<'_, T>),
    binary: impl Fn(Binary, InOut<'_, T>, Operand<'_, T>, bool),
) {
    let add = |out: &mut [T], other: &[T]| {
        let other = &other[..out.len()];
        binary(Binary::Add, InOut::in_place(out), Operand::Slice(other), false);
    };
    if let Some(bias) = after.bias.filter(|_| columns > 0) {
        out.chunks_mut(columns).for_each(|row| add(row, bias));
    }
    if let Some(activation) = after.activation {
        unary(activation, InOut::in_place(out));
    }
    if let Some(residual) = after.residual {
        add(out, &residual[first..]);
    }
}
