//! Sums, means, variances and extremes, of rows and of columns.

use crate::backend::{Binary, Element, Number, Reduce};
use crate::cpu::kernels::cast::typed;
use num_traits::NumCast;

/// The pairwise sum of `f` of each element: the error grows with the logarithm of the length ([Higham
/// 1993](https://doi.org/10.1137/0914050)).
pub fn sum<T: Element, S: Number>(x: &[T], f: impl Fn(T) -> S + Copy) -> S {
    if x.len() > 256 {
        let (left, right) = x.split_at(x.len() / 2);
        return S::binary(Binary::Add, sum(left, f), sum(right, f));
    }
    // Independent partial sums, which the compiler vectorises.
    let mut lanes = [S::zero(); 8];
    let chunks = x.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &x)| *lane = S::binary(Binary::Add, *lane, f(x)));
    }
    let add = |sum: S, x: S| S::binary(Binary::Add, sum, x);
    rest.iter().fold(lanes.into_iter().fold(S::zero(), add), |sum, &x| add(sum, f(x)))
}

/// The mean of `f` of each element.
fn mean<T: Element, S: Number>(x: &[T], f: impl Fn(T) -> S + Copy) -> S {
    let count = <S as NumCast>::from(x.len()).unwrap_or_else(S::max_value);
    S::binary(Binary::Div, sum(x, f), count)
}

pub fn square<S: Number>(x: S) -> S {
    S::binary(Binary::Mul, x, x)
}

/// The shift for a shifted mean and variance: one of the numbers, so that a constant row has a variance of zero, and
/// numbers far from zero lose no digits. Integers lose none, and wrap below zero.
pub fn origin<S: Number>(first: Option<S>) -> S {
    first.filter(|_| is_float::<S>()).unwrap_or(S::zero())
}

fn is_float<T: Number>() -> bool {
    T::binary(Binary::Div, T::one(), T::zero()) != T::zero()
}

/// The maximum, or the minimum, of no numbers.
pub fn limit<T: Number>(op: Binary) -> T {
    let infinity = T::binary(Binary::Div, T::one(), T::zero());
    match op {
        Binary::Max if is_float::<T>() => T::binary(Binary::Sub, T::zero(), infinity),
        Binary::Max => T::min_value(),
        _ if is_float::<T>() => infinity,
        _ => T::max_value(),
    }
}

/// `op` of each row of so many numbers, in plain loops.
pub fn reduce_rows<T: Number>(op: Reduce, x: &[T], size: usize, out: &mut [T]) {
    let fold = |op, row: &[T]| row.iter().fold(limit(op), |found, &x| T::binary(op, found, x));
    for (row, out) in out.iter_mut().enumerate() {
        let row = &x[row * size..][..size];
        *out = match op {
            Reduce::Sum => T::narrow(sum(row, T::widen)),
            Reduce::Mean => T::narrow(mean(row, T::widen)),
            Reduce::Variance => {
                let first = origin(row.first().map(|x| x.widen()));
                let from_first = |x: T| T::Sum::binary(Binary::Sub, x.widen(), first);
                let center = mean(row, from_first);
                T::narrow(mean(row, |x| square(T::Sum::binary(Binary::Sub, from_first(x), center))))
            }
            Reduce::Max => fold(Binary::Max, row),
            Reduce::Min => fold(Binary::Min, row),
        };
    }
}

/// The most columns that are reduced at a time.
pub const COLUMNS: usize = 256;

/// What is summed in each column.
#[derive(Clone, Copy)]
pub enum ColumnSum<'a, S> {
    Values,
    /// The deviations from these, one for each column.
    Deviations(&'a [S]),
    /// The squares of these deviations.
    SquaredDeviations(&'a [S]),
}

/// Adds rows of this stride to the sums of columns, by plain loops.
pub fn add_rows<T: Number>(x: &[T], [rows, stride]: [usize; 2], summand: ColumnSum<'_, T::Sum>, sums: &mut [T::Sum]) {
    let add = |sum: &mut T::Sum, x| *sum = T::Sum::binary(Binary::Add, *sum, x);
    let sub = |x, y| T::Sum::binary(Binary::Sub, x, y);
    for row in 0..rows {
        let numbers = sums.iter_mut().zip(&x[row * stride..]);
        match summand {
            ColumnSum::Values => numbers.for_each(|(sum, x)| add(sum, x.widen())),
            ColumnSum::Deviations(origins) => {
                numbers.zip(origins).for_each(|((sum, x), &origin)| add(sum, sub(x.widen(), origin)))
            }
            ColumnSum::SquaredDeviations(origins) => {
                numbers.zip(origins).for_each(|((sum, x), &origin)| add(sum, square(sub(x.widen(), origin))));
            }
        }
    }
}

typed! { ColumnSum }
