//! Sums, means, variances and extremes, of rows and of columns.

use crate::backend::{Binary, Element, Number, Reduce};
use crate::cpu::kernels::cast::typed;
use num_traits::NumCast;

/// The sum of `f` of each element, in halves: the error grows with the logarithm of the length
/// ([Higham 1993](https://doi.org/10.1137/0914050)).
pub fn sum<T: Element, S: Number>(x: &[T], f: impl Fn(T) -> S + Copy) -> S {
    if x.len() > 256 {
        let (left, right) = x.split_at(x.len() / 2);
        return S::binary(Binary::Add, sum(left, f), sum(right, f));
    }
    // Several sums side by side, which the processor adds at once.
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

/// What numbers are first taken relative to, for the distances from their mean: one of them, so that those of a constant row
/// are zero, and of numbers far from zero no digits are lost. Integers lose none, and wrap below zero.
pub fn origin<S: Number>(first: Option<S>) -> S {
    first.filter(|_| is_float::<S>()).unwrap_or(S::zero())
}

fn is_float<T: Number>() -> bool {
    T::binary(Binary::Div, T::one(), T::zero()) != T::zero()
}

/// What the largest is of none, or the smallest.
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

/// Columns that are calculated together.
pub const COLUMNS: usize = 256;

/// What is summed up of the numbers of columns.
#[derive(Clone, Copy)]
pub enum Terms<'a, S> {
    Numbers,
    /// The distances from these, one for each column.
    From(&'a [S]),
    /// The squares of these distances.
    SquaresFrom(&'a [S]),
}

/// Adds rows that lie `stride` apart to the sums, each as long as these; or what the terms say of their numbers. In plain
/// loops.
pub fn add_rows<T: Number>(x: &[T], [rows, stride]: [usize; 2], terms: Terms<'_, T::Sum>, sums: &mut [T::Sum]) {
    let add = |sum: &mut T::Sum, x| *sum = T::Sum::binary(Binary::Add, *sum, x);
    let sub = |x, y| T::Sum::binary(Binary::Sub, x, y);
    for row in 0..rows {
        let numbers = sums.iter_mut().zip(&x[row * stride..]);
        match terms {
            Terms::Numbers => numbers.for_each(|(sum, x)| add(sum, x.widen())),
            Terms::From(origins) => {
                numbers.zip(origins).for_each(|((sum, x), &origin)| add(sum, sub(x.widen(), origin)))
            }
            Terms::SquaresFrom(origins) => {
                numbers.zip(origins).for_each(|((sum, x), &origin)| add(sum, square(sub(x.widen(), origin))));
            }
        }
    }
}

typed! { Terms }
