//! Reductions of columns.

use super::generic;
use super::in_out::{InOut, Operand};
use super::plain::{COLUMNS, ColumnSum, limit, origin, square};
use crate::backend::{Binary, Number, Reduce};
use num_traits::{NumCast, Zero};

/// [`generic::add_rows`] to sums of zero, in halves.
fn sum_columns<T: Number>(x: &[T], [rows, stride]: [usize; 2], summand: ColumnSum<'_, T::Sum>, sums: &mut [T::Sum]) {
    if rows > 32 {
        let (left, mut other) = (rows / 2, [T::Sum::zero(); COLUMNS]);
        let other = &mut other[..sums.len()];
        sum_columns(x, [left, stride], summand, sums);
        sum_columns(&x[left * stride..], [rows - left, stride], summand, other);
        sums.iter_mut().zip(other).for_each(|(sum, x)| *sum = T::Sum::binary(Binary::Add, *sum, *x));
    } else {
        sums.fill(T::Sum::zero());
        generic::add_rows(x, [rows, stride], summand, sums);
    }
}

/// `op` of each of a few columns, at most [`COLUMNS`], whose rows lie `stride` apart.
pub fn reduce_columns<T: Number>(op: Reduce, x: &[T], [rows, stride]: [usize; 2], out: &mut [T]) {
    let extreme = |op, out: &mut [T]| {
        out.fill(limit(op));
        for row in 0..rows {
            let row = Operand::Slice(&x[row * stride..][..out.len()]);
            generic::binary(op, InOut::in_place(out), row, false);
        }
    };
    match op {
        Reduce::Max => return extreme(Binary::Max, out),
        Reduce::Min => return extreme(Binary::Min, out),
        Reduce::Sum | Reduce::Mean | Reduce::Variance => {}
    }
    if op == Reduce::Variance {
        return moments(x, [rows, stride], out, |_, variance| variance);
    }
    let mut sums = [T::Sum::zero(); COLUMNS];
    let sums = &mut sums[..out.len()];
    sum_columns(x, [rows, stride], ColumnSum::Values, sums);
    if op == Reduce::Mean {
        divide(sums, rows);
    }
    out.iter_mut().zip(sums).for_each(|(out, sum)| *out = T::narrow(*sum));
}

/// The mean and the variance of each of a few columns, as [`reduce_columns`] has them.
pub fn moments_of_columns<T: Number>(x: &[T], size: [usize; 2], out: &mut [[T; 2]]) {
    moments(x, size, out, |mean, variance| [mean, variance]);
}

fn divide<S: Number>(sums: &mut [S], rows: usize) {
    let count = <S as NumCast>::from(rows).unwrap_or_else(S::max_value);
    sums.iter_mut().for_each(|sum| *sum = S::binary(Binary::Div, *sum, count));
}

/// What is made of the mean of each column and of its variance.
fn moments<T: Number, O>(x: &[T], [rows, stride]: [usize; 2], out: &mut [O], made: impl Fn(T, T) -> O) {
    let mut numbers = [[T::Sum::zero(); COLUMNS]; 3];
    let [origins, rests, squares] = numbers.each_mut().map(|numbers| &mut numbers[..out.len()]);
    if rows > 0 {
        origins.iter_mut().zip(x).for_each(|(first, x)| *first = origin(Some(x.widen())));
    }
    sum_columns(x, [rows, stride], ColumnSum::Deviations(origins), rests);
    divide(rests, rows);
    // The mean rounded, and what is left of it.
    for (center, rest) in origins.iter_mut().zip(rests.iter_mut()) {
        let mean = T::Sum::binary(Binary::Add, *center, *rest);
        let moved = T::Sum::binary(Binary::Sub, mean, *center);
        (*center, *rest) = (mean, T::Sum::binary(Binary::Sub, *rest, moved));
    }
    sum_columns(x, [rows, stride], ColumnSum::SquaredDeviations(origins), squares);
    divide(squares, rows);
    for (column, out) in out.iter_mut().enumerate() {
        // Around the rounded mean, squares are larger by that of what is left of it.
        let variance = T::Sum::binary(Binary::Sub, squares[column], square(rests[column]));
        *out = made(T::narrow(origins[column]), T::narrow(variance));
    }
}
