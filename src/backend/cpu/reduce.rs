//! Many elements made one, along an axis.

use super::array::Array;
use super::elementwise::{rows_of_chunk, runs};
use super::in_out::{InOut, Operand};
use super::layout::Layout;
use super::parallel::for_each_chunk;
use crate::backend::{Binary, Element, Number, Reduce};
use num_traits::{Bounded, NumCast, Zero};
use std::cmp::Ordering;

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

fn square<S: Number>(x: S) -> S {
    S::binary(Binary::Mul, x, x)
}

/// What numbers are first taken relative to, for the distances from their mean: one of them, so that those of a constant row
/// are zero, and of numbers far from zero no digits are lost. Integers lose none, and wrap below zero.
fn origin<S: Number>(first: Option<S>) -> S {
    first.filter(|_| is_float::<S>()).unwrap_or(S::zero())
}

fn is_float<T: Number>() -> bool {
    T::binary(Binary::Div, T::one(), T::zero()) != T::zero()
}

/// What the largest is of none, or the smallest.
fn limit<T: Number>(op: Binary) -> T {
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

/// [`add_rows`] to sums of zero, in halves.
fn sum_columns<T: Number>(x: &[T], [rows, stride]: [usize; 2], terms: Terms<'_, T::Sum>, sums: &mut [T::Sum]) {
    if rows > 32 {
        let (left, mut other) = (rows / 2, [T::Sum::zero(); COLUMNS]);
        let other = &mut other[..sums.len()];
        sum_columns(x, [left, stride], terms, sums);
        sum_columns(&x[left * stride..], [rows - left, stride], terms, other);
        sums.iter_mut().zip(other).for_each(|(sum, x)| *sum = T::Sum::binary(Binary::Add, *sum, *x));
    } else {
        sums.fill(T::Sum::zero());
        T::add_rows(x, [rows, stride], terms, sums);
    }
}

/// `op` of each of a few columns, at most [`COLUMNS`], whose rows lie `stride` apart.
fn reduce_columns<T: Number>(op: Reduce, x: &[T], [rows, stride]: [usize; 2], out: &mut [T]) {
    let extreme = |op, out: &mut [T]| {
        out.fill(limit(op));
        for row in 0..rows {
            let row = Operand::Slice(&x[row * stride..][..out.len()]);
            T::binary_all(op, InOut::in_place(out), row, false);
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
        sum_columns(x, [rows, stride], Terms::From(origins), rests);
        divide(rests);
        // The mean rounded, and what is left of it.
        for (center, rest) in origins.iter_mut().zip(rests.iter_mut()) {
            let mean = T::Sum::binary(Binary::Add, *center, *rest);
            let moved = T::Sum::binary(Binary::Sub, mean, *center);
            (*center, *rest) = (mean, T::Sum::binary(Binary::Sub, *rest, moved));
        }
        sum_columns(x, [rows, stride], Terms::SquaresFrom(origins), sums);
    } else {
        sum_columns(x, [rows, stride], Terms::Numbers, sums);
    }
    if op != Reduce::Sum {
        divide(sums);
    }
    // Around the rounded mean, squares are larger by that of what is left of it; of other sums nothing is left.
    let all = out.iter_mut().zip(sums).zip(rests);
    all.for_each(|((out, sum), rest)| *out = T::narrow(T::Sum::binary(Binary::Sub, *sum, square(*rest))));
}

pub fn reduce<T: Number>(op: Reduce, x: &Array<T>, axis: usize) -> Array<T> {
    let (size, inner) = (x.sizes()[axis], x.sizes()[axis + 1..].iter().product::<usize>());
    let layout = Layout::joined(&x.sizes()[..axis], &x.sizes()[axis + 1..]);
    // A few columns are too short to be calculated with side by side.
    if inner < 8 {
        let x = x.move_last(axis);
        let (elements, rows) = (x.elements(), rows_of_chunk(size));
        return Array::build_as(layout, |out| {
            for_each_chunk(out, rows, rows * size, |chunk, out| {
                T::reduce_rows(op, &elements[chunk * rows * size..][..out.len() * size], size, out);
            });
        });
    }
    let elements = x.elements();
    Array::build_as(layout, |out| {
        for_each_chunk(out, COLUMNS, COLUMNS * size, |chunk, out| {
            for (start, len, column) in runs(chunk * COLUMNS, out.len(), inner) {
                let outer = (chunk * COLUMNS + start) / inner;
                let first = (outer * size * inner + column).min(elements.len());
                reduce_columns(op, &elements[first..], [size, inner], &mut out[start..start + len]);
            }
        });
    })
}

/// The larger first; NaN counts as the largest.
fn descending<T: Number>(x: T, y: T) -> Ordering {
    y.partial_cmp(&x).unwrap_or_else(|| y.is_nan().cmp(&x.is_nan()))
}

pub fn argmax<T: Number>(x: &Array<T>, axis: usize) -> Array<u32> {
    let size = x.sizes()[axis];
    let x = x.move_last(axis);
    let (elements, sizes) = (x.elements(), &x.sizes()[..x.sizes().len() - 1]);
    Array::build(sizes, |out| {
        for_each_chunk(out, 1, size, |row, out| {
            let row = elements[row * size..(row + 1) * size].iter().enumerate();
            let first = row.min_by(|(_, x), (_, y)| descending(**x, **y));
            out[0] = first.expect("an empty axis has no largest element").0 as u32;
        });
    })
}

pub fn top_k<T: Number>(x: &Array<T>, k: usize) -> (Array<T>, Array<u32>) {
    let (&size, outer) = x.sizes().split_last().expect("a last axis");
    assert!(k <= size, "{k} of {size} elements");
    let elements = x.elements();
    let rows: usize = outer.iter().product();
    let mut positions = vec![0u32; rows * k];
    for_each_chunk(&mut positions, k, size * 8, |row, out| {
        let row = &elements[row * size..(row + 1) * size];
        let before = |a: &u32, b: &u32| descending(row[*a as usize], row[*b as usize]).then(a.cmp(b));
        let mut order: Vec<u32> = (0..size as u32).collect();
        if k < size {
            order.select_nth_unstable_by(k, before);
        }
        order[..k].sort_unstable_by(before);
        out.copy_from_slice(&order[..k]);
    });
    let row_of = |at: usize| at / k.max(1) * size;
    let values = positions.iter().enumerate().map(|(at, &position)| elements[row_of(at) + position as usize]).collect();
    let sizes = [outer, &[k]].concat();
    (Array::from_vec(values, &sizes), Array::from_vec(positions, &sizes))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_near, random};
    use super::*;
    use half::{bf16, f16};

    #[test]
    fn reductions_agree_with_plain_loops() {
        let x = random::<f64>(&[3, 5, 4], 1);
        let single = Array::from_vec(x.elements().iter().map(|&x| x as f32).collect(), x.sizes());
        let narrow = Array::from_vec(x.elements().iter().map(|&x| bf16::from_f64(x)).collect(), x.sizes());
        for axis in 0..3 {
            let (moved, n) = (x.move_last(axis), x.sizes()[axis]);
            let sizes = &moved.sizes()[..2];
            let rows: Vec<Vec<f64>> = moved.elements().chunks(n).map(<[f64]>::to_vec).collect();
            let mean = |row: &[f64]| row.iter().sum::<f64>() / n as f64;
            let cases: [(Reduce, &dyn Fn(&[f64]) -> f64); 5] = [
                (Reduce::Sum, &|row| row.iter().sum()),
                (Reduce::Mean, &mean),
                (Reduce::Variance, &|row| row.iter().map(|x| (x - mean(row)).powi(2)).sum::<f64>() / n as f64),
                (Reduce::Max, &|row| row.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
                (Reduce::Min, &|row| row.iter().copied().fold(f64::INFINITY, f64::min)),
            ];
            for (op, f) in cases {
                let expected: Vec<f64> = rows.iter().map(|row| f(row)).collect();
                let found = reduce(op, &x, axis);
                assert_eq!(found.sizes(), sizes);
                assert_near(&found, &expected, 1e-12);
                assert_near(&reduce(op, &single, axis), &expected, 1e-5);
                assert_near(&reduce(op, &narrow, axis), &expected, 5e-2);
            }
        }
    }

    #[test]
    fn an_outer_axis_is_reduced_like_the_last_one() {
        let shapes: &[[usize; 3]] = if cfg!(miri) {
            &[[2, 3, 9], [2, 0, 8]]
        } else {
            &[[2, 3, 9], [1, 100, 300], [3, 65, 8], [2, 33, 513], [2, 0, 8], [0, 3, 8], [40, 5, 100]]
        };
        for sizes in shapes {
            let x = random::<f64>(sizes, 1);
            let single = Array::from_vec(x.elements().iter().map(|&x| x as f32).collect(), sizes);
            let narrow = Array::from_vec(x.elements().iter().map(|&x| f16::from_f64(x)).collect(), sizes);
            let integers = Array::from_vec(x.elements().iter().map(|&x| (x * 50.0) as i8).collect(), sizes);
            for op in [Reduce::Sum, Reduce::Mean, Reduce::Variance, Reduce::Max, Reduce::Min] {
                for axis in [0, 1] {
                    let rows = |x: &Array<f64>| {
                        let moved = x.move_last(axis);
                        reduce(op, &moved, 2).elements().into_owned()
                    };
                    let expected = rows(&x);
                    assert_near(&reduce(op, &x, axis), &expected, 1e-12);
                    assert_near(&reduce(op, &single, axis), &expected, 1e-5);
                    assert_near(&reduce(op, &narrow, axis), &expected, 2e-2);
                    let moved = integers.move_last(axis);
                    assert_eq!(reduce(op, &integers, axis).elements(), reduce(op, &moved, 2).elements());
                }
            }
        }
    }

    #[test]
    fn a_long_sum_keeps_its_digits() {
        let x = vec![0.1f32; if cfg!(miri) { 300 } else { 1_000_000 }];
        let expected = 0.1f32 as f64 * x.len() as f64;
        assert!(((sum(&x, |x| x) as f64) - expected).abs() < expected * 1e-6);
    }

    #[test]
    fn sums_of_narrow_integers_are_wide() {
        let many = Array::full(1u8, &[300]);
        assert_eq!(*reduce(Reduce::Mean, &many, 0).elements(), [1]);
        assert_eq!(*reduce(Reduce::Sum, &many, 0).elements(), [44]);
        let far = Array::from_vec(vec![-100i8, 100, 104, -96], &[2, 2]);
        assert_eq!(*reduce(Reduce::Mean, &far, 1).elements(), [0, 4]);
    }

    #[test]
    fn empty_axes_and_not_a_number() {
        let empty = Array::<f32>::from_vec(vec![], &[2, 0]);
        assert_eq!(*reduce(Reduce::Sum, &empty, 1).elements(), [0.0; 2]);
        assert!(reduce(Reduce::Mean, &empty, 1).elements()[0].is_nan());
        assert_eq!(*reduce(Reduce::Max, &empty, 1).elements(), [f32::NEG_INFINITY; 2]);
        assert_eq!(*reduce(Reduce::Min, &empty, 1).elements(), [f32::INFINITY; 2]);
        let integers = Array::<i8>::from_vec(vec![], &[0]);
        assert_eq!(*reduce(Reduce::Max, &integers, 0).elements(), [i8::MIN]);
        assert_eq!(*reduce(Reduce::Mean, &integers, 0).elements(), [0]);
        let nan = Array::from_vec(vec![1.0, f32::NAN, 3.0], &[3]);
        assert!(reduce(Reduce::Max, &nan, 0).elements()[0].is_nan());
        assert!(reduce(Reduce::Min, &nan, 0).elements()[0].is_nan());
        assert_eq!(*argmax(&nan, 0).elements(), [1]);
    }

    #[test]
    fn the_first_of_equals_comes_first() {
        let x = Array::from_vec(vec![1.0, 3.0, 3.0, 0.0, 2.0, 2.0, -1.0, 2.0f32], &[2, 4]);
        assert_eq!(*argmax(&x, 1).elements(), [1, 0]);
        let (values, positions) = top_k(&x, 3);
        assert_eq!(*values.elements(), [3.0, 3.0, 1.0, 2.0, 2.0, 2.0]);
        assert_eq!(*positions.elements(), [1, 2, 0, 0, 1, 3]);
        assert_eq!(top_k(&x, 0).0.sizes(), [2, 0]);
    }
}
