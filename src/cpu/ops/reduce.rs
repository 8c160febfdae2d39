//! Reductions along an axis.

use super::elementwise::{rows_of_chunk, runs};
use crate::backend::{Number, Order, Reduce};
use crate::cpu::array::Array;
use crate::cpu::array::Layout;
use crate::cpu::kernels::{COLUMNS, generic, moments_of_columns, reduce_columns};
use crate::cpu::parallel::for_each_chunk;
use std::cmp::Ordering;

pub fn reduce<T: Number>(op: Reduce, x: &Array<T>, axis: usize) -> Array<T> {
    Array::build_as(without(x, axis), |out| {
        let of_rows = |x: &[T], size, out: &mut [T]| generic::reduce_rows(op, x, size, out);
        along(x, axis, out, of_rows, |x, size, out| reduce_columns(op, x, size, out));
    })
}

/// The mean and the variance, in one pass over the memory.
pub fn mean_variance<T: Number>(x: &Array<T>, axis: usize) -> [Array<T>; 2] {
    let layout = without(x, axis);
    let mut moments = vec![[T::zero(); 2]; layout.len()];
    along(x, axis, &mut moments, generic::moments_of_rows, moments_of_columns);
    let [mean, variance] =
        [0, 1].map(|which| Array::collect(layout.sizes(), moments.iter().map(|moments| moments[which])));
    // Distances from an element may be infinite where a sum is not, or NaN where it is infinite.
    let is_finite = moments.iter().all(|[mean, _]| !(*mean * T::zero()).is_nan());
    [if is_finite { mean } else { reduce(Reduce::Mean, x, axis) }, variance]
}

/// Of the result of a reduction.
fn without<T: Number>(x: &Array<T>, axis: usize) -> Layout {
    Layout::joined(&x.sizes()[..axis], &x.sizes()[axis + 1..])
}

/// What is calculated of contiguous rows of a size, or of columns: of so many rows, which lie so far apart.
fn along<T: Number, O: Send>(
    x: &Array<T>,
    axis: usize,
    out: &mut [O],
    of_rows: impl Fn(&[T], usize, &mut [O]) + Sync,
    of_columns: impl Fn(&[T], [usize; 2], &mut [O]) + Sync,
) {
    let (size, inner) = (x.sizes()[axis], x.sizes()[axis + 1..].iter().product::<usize>());
    // A few columns are too short to be calculated with side by side.
    if inner < 8 {
        let x = x.move_last(axis);
        let (elements, rows) = (x.elements(), rows_of_chunk(size));
        return for_each_chunk(out, rows, rows * size, |chunk, out| {
            of_rows(&elements[chunk * rows * size..][..out.len() * size], size, out);
        });
    }
    let elements = x.elements();
    for_each_chunk(out, COLUMNS, COLUMNS * size, |chunk, out| {
        for (start, len, column) in runs(chunk * COLUMNS, out.len(), inner) {
            let outer = (chunk * COLUMNS + start) / inner;
            let first = (outer * size * inner + column).min(elements.len());
            of_columns(&elements[first..], [size, inner], &mut out[start..start + len]);
        }
    });
}

/// The larger first; NaN counts as the largest.
fn descending<T: Number>(x: T, y: T) -> Ordering {
    y.partial_cmp(&x).unwrap_or_else(|| y.is_nan().cmp(&x.is_nan()))
}

/// Elements that are compared at a time with one that most of them are not before.
const CHUNK: usize = 64;

/// Whether none of the elements may be before this one. NaN may be.
fn none_is_before<T: Number>(elements: &[T], this: T) -> bool {
    elements.iter().fold(true, |all, x| all & (*x <= this))
}

/// The position of the largest element, and of equal ones the first.
///
/// # Panics
/// There is none.
fn largest_position<T: Number>(row: &[T]) -> u32 {
    let (mut largest, mut found) = (*row.first().expect("an empty axis has no largest element"), 0);
    for (start, chunk) in (0..).step_by(CHUNK).zip(row.chunks(CHUNK)) {
        if none_is_before(chunk, largest) {
            continue;
        }
        for (position, &x) in (start..).zip(chunk) {
            if descending(x, largest).is_lt() {
                (largest, found) = (x, position);
            }
        }
    }
    found
}

/// The positions of the `k` largest elements, of which there is one at least: the largest first, and of equal ones the first.
fn largest_positions<T: Number>(row: &[T], k: usize) -> Vec<u32> {
    let before = |a: &u32, b: &u32| descending(row[*a as usize], row[*b as usize]).then(a.cmp(b));
    let room = (2 * k).max(CHUNK);
    let mut kept: Vec<u32> = Vec::with_capacity(row.len().min(room + CHUNK));
    let mut smallest = None;
    for (start, chunk) in (0..).step_by(CHUNK).zip(row.chunks(CHUNK)) {
        if smallest.is_some_and(|smallest| none_is_before(chunk, smallest)) {
            continue;
        }
        for (position, &x) in (start..).zip(chunk) {
            if smallest.is_none_or(|smallest| descending(x, smallest).is_lt()) {
                kept.push(position);
            }
        }
        if kept.len() >= room {
            kept.select_nth_unstable_by(k - 1, before);
            kept.truncate(k);
            smallest = Some(row[kept[k - 1] as usize]);
        }
    }
    kept.sort_unstable_by(before);
    kept.truncate(k);
    kept
}

pub fn argmax<T: Number>(x: &Array<T>, axis: usize) -> Array<u32> {
    let size = x.sizes()[axis];
    let x = x.move_last(axis);
    let (elements, sizes) = (x.elements(), &x.sizes()[..x.sizes().len() - 1]);
    Array::build(sizes, |out| {
        for_each_chunk(out, 1, size, |row, out| {
            out[0] = largest_position(&elements[row * size..][..size]);
        });
    })
}

pub fn argsort<T: Number>(x: &Array<T>, axis: usize, order: Order) -> Array<u32> {
    let size = x.sizes()[axis];
    let x = x.move_last(axis);
    let elements = x.elements();
    let positions = Array::build(x.sizes(), |out| {
        for_each_chunk(out, size, size * 16, |row, out| {
            let row = &elements[row * size..][..size];
            out.iter_mut().zip(0..).for_each(|(position, i)| *position = i);
            let larger_first = |a: &u32, b: &u32| descending(row[*a as usize], row[*b as usize]);
            match order {
                Order::Ascending => out.sort_unstable_by(|a, b| larger_first(b, a).then(a.cmp(b))),
                Order::Descending => out.sort_unstable_by(|a, b| larger_first(a, b).then(a.cmp(b))),
            }
        });
    });
    positions.move_last_to(axis)
}

pub fn top_k<T: Number>(x: &Array<T>, k: usize) -> (Array<T>, Array<u32>) {
    let (&size, outer) = x.sizes().split_last().expect("a last axis");
    assert!(k <= size, "{k} of {size} elements");
    let elements = x.elements();
    let rows: usize = outer.iter().product();
    let mut positions = vec![0u32; rows * k];
    for_each_chunk(&mut positions, k, size * 8, |row, out| {
        out.copy_from_slice(&largest_positions(&elements[row * size..][..size], k));
    });
    let row_of = |at: usize| at / k.max(1) * size;
    let values = positions.iter().enumerate().map(|(at, &position)| elements[row_of(at) + position as usize]).collect();
    let sizes = [outer, &[k]].concat();
    (Array::from_vec(values, &sizes), Array::from_vec(positions, &sizes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::kernels::sum;
    use crate::cpu::testing::{assert_near, random};
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
    fn the_moments_are_the_mean_and_the_variance() {
        let all_sizes = [[3, 5, 4], [2, 3, 9], [1, 100, 20], [2, 0, 8], [0, 3, 8], [2, 40, 1]];
        for sizes in all_sizes.into_iter().filter(|sizes| !cfg!(miri) || sizes[1] < 40) {
            let x = random::<f64>(&sizes, 1);
            let single = Array::collect(&sizes, x.elements().iter().map(|&x| x as f32 + 100.0));
            let narrow = Array::collect(&sizes, x.elements().iter().map(|&x| f16::from_f64(x)));
            let integers = Array::collect(&sizes, x.elements().iter().map(|&x| (x * 50.0) as i8));
            for axis in 0..3 {
                let [mean, variance] = mean_variance(&x, axis);
                assert_near(&mean, &reduce(Reduce::Mean, &x, axis).elements(), 1e-12);
                assert_near(&variance, &reduce(Reduce::Variance, &x, axis).elements(), 1e-12);
                let [mean, variance] = mean_variance(&single, axis);
                let wide = |x: Array<f32>| x.elements().iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
                assert_near(&mean, &wide(reduce(Reduce::Mean, &single, axis)), 1e-6);
                assert_eq!(variance.elements().len(), mean.elements().len());
                for (found, expected) in variance.elements().iter().zip(wide(reduce(Reduce::Variance, &single, axis))) {
                    assert!(f64::from(*found) == expected || expected.is_nan() && found.is_nan(), "{found} {expected}");
                }
                let [mean, _] = mean_variance(&narrow, axis);
                assert_eq!(mean.sizes(), reduce(Reduce::Mean, &narrow, axis).sizes());
                let found = mean_variance(&integers, axis);
                let expected = [Reduce::Mean, Reduce::Variance].map(|op| reduce(op, &integers, axis));
                assert_eq!(found.each_ref().map(Array::elements), expected.each_ref().map(Array::elements));
            }
        }
    }

    #[test]
    fn a_mean_beside_its_variance_is_infinite_where_a_mean_is() {
        const INF: f32 = f32::INFINITY;
        let rows =
            [[INF, 1.0, 2.0], [1.0, INF, 2.0], [-INF, -INF, -INF], [f32::MAX, f32::MIN, 0.0], [-3e38, 3e38, 3e38]];
        for row in rows {
            let x = Array::from_vec(row.to_vec(), &[1, 3]);
            let [mean, variance] = mean_variance(&x, 1);
            assert_eq!(mean.elements(), reduce(Reduce::Mean, &x, 1).elements(), "{row:?}");
            assert!(!variance.elements()[0].is_finite(), "{row:?}");
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

    #[test]
    fn the_largest_are_the_first_of_all_in_order() {
        let size = if cfg!(miri) { 150 } else { 5000 };
        let mut elements = random::<f32>(&[size], 9).elements().into_owned();
        // Equal ones, rising ones, and some that are no numbers.
        elements[20..60].fill(0.9);
        (60..130).for_each(|at| elements[at] = at as f32 / 50.0);
        for not_numbers in [0, 1, 100] {
            (0..not_numbers).for_each(|at| elements[size - 1 - at] = f32::NAN);
            let x = Array::from_vec(elements.clone(), &[size]);
            let all = argsort(&x, 0, Order::Descending);
            for k in [1, 2, 50, 70, 99, 101, size] {
                assert_eq!(*top_k(&x, k).1.elements(), all.elements()[..k], "{k} with {not_numbers}");
            }
            assert_eq!(argmax(&x, 0).elements()[0], all.elements()[0]);
        }
    }
}
