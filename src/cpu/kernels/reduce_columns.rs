//! Reductions of columns.

use super::generic;
use super::in_out::{InOut, Operand};
use super::plain::{COLUMNS, ColumnSum, limit, origin, square};
use crate::backend::{Binary, Number, Reduce};
use num_traits::{Bounded, NumCast, Zero};

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
    let mut numbers = [[T::Sum::zero(); COLUMNS]; 3];
    let [origins, rests, sums] = numbers.each_mut().map(|numbers| &mut numbers[..out.len()]);
    let count = <T::Sum as NumCast>::from(rows).unwrap_or_else(T::Sum::max_value);
    let divide = |sums: &mut [T::Sum]| sums.iter_mut().for_each(|sum| *sum = T::Sum::binary(Binary::Div, *sum, count));
    if op == Reduce::Variance {
        if rows > 0 {
            origins.iter_mut().zip(x).for_each(|(first, x)| *first = origin(Some(x.widen())));
        }
        sum_columns(x, [rows, stride], ColumnSum::Deviations(origins), rests);
        divide(rests);
        // The mean rounded, and what is left of it.
        for (center, rest) in origins.iter_mut().zip(rests.iter_mut()) {
            let mean = T::Sum::binary(Binary::Add, *center, *rest);
            let moved = T::Sum::binary(Binary::Sub, mean, *center);
            (*center, *rest) = (mean, T::Sum::binary(Binary::Sub, *rest, moved));
        }
        sum_columns(x, [rows, stride], ColumnSum::SquaredDeviations(origins), sums);
    } else {
        sum_columns(x, [rows, stride], ColumnSum::Values, sums);
    }
    if op != Reduce::Sum {
        divide(sums);
    }
    // Around the rounded mean, squares are larger by that of what is left of it; of other sums nothing is left.
    let all = out.iter_mut().zip(sums).zip(rests);
    all.for_each(|((out, sum), rest)| *out = T::narrow(T::Sum::binary(Binary::Sub, *sum, square(*rest))));
}
