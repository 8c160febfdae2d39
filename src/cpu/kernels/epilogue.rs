//! Epilogues of matrix products: bias, activation, residual.

use super::in_out::{InOut, Operand};
use crate::backend::{Binary, Epilogue, Number, Unary};

/// Applies the epilogue to rows of a product of so many columns, from element `first` on, by these kernels.
pub fn finish<T: Number>(
    epilogue: Epilogue<'_, [T]>,
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
    if let Some(bias) = epilogue.bias.filter(|_| columns > 0) {
        out.chunks_mut(columns).for_each(|row| add(row, bias));
    }
    if let Some(activation) = epilogue.activation {
        unary(activation, InOut::in_place(out));
    }
    if let Some(residual) = epilogue.residual {
        add(out, &residual[first..]);
    }
}
