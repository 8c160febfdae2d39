//! Functions of each element, and of each pair.

use crate::backend::{Binary, Compare, Element, Float, Number, Unary};
use crate::cpu::array::{Array, Runs};
use crate::cpu::kernels::{Operand, calculate, generic};
use crate::cpu::parallel::for_each_chunk;
use std::borrow::Cow;

/// The elements of a work item.
pub const CHUNK: usize = 1 << 12;
/// A run of fewer elements is no operand by itself.
const SHORT_RUN: usize = 64;
/// A broadcast operand of fewer elements is repeated beforehand.
const SHORT: usize = 256;

/// The rows of a work item: a multiple of four, since kernels reduce several rows at a time.
pub fn rows_of_chunk(size: usize) -> usize {
    (CHUNK / size.max(1)).next_multiple_of(4).max(4)
}

pub fn map<T: Element, U: Number>(x: &Array<T>, work: usize, f: impl Fn(T) -> U + Sync) -> Array<U> {
    let elements = x.elements();
    Array::build(x.sizes(), |out| {
        for_each_chunk(out, CHUNK, CHUNK * work, |i, out| {
            out.iter_mut().zip(&elements[i * CHUNK..]).for_each(|(out, &x)| *out = f(x));
        });
    })
}

/// The broadcast sizes of two arrays, where those of one are the last of the other.
fn pair_sizes<'a, T: Element>(x: &'a Array<T>, y: &'a Array<T>) -> &'a [usize] {
    let sizes = if x.sizes().len() >= y.sizes().len() { x.sizes() } else { y.sizes() };
    assert!(sizes.ends_with(x.sizes()) && sizes.ends_with(y.sizes()), "{:?} and {:?}", x.sizes(), y.sizes());
    sizes
}

/// The contiguous runs `(start, length, start in the shorter)` of `at .. at + len` in an array of `period` elements that
/// is repeated.
pub fn runs(at: usize, len: usize, period: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let start = done;
        let in_shorter = (at + start) % period.max(1);
        done = len.min(start + period - in_shorter);
        (start < len).then_some((start, done - start, in_shorter))
    })
}

/// The work for an element; functions without an instruction of their own are worth more threads.
pub fn work(op: Unary) -> usize {
    match op {
        Unary::Abs | Unary::Neg | Unary::Square | Unary::Relu => 1,
        Unary::Recip | Unary::Sqrt => 2,
        _ => 16,
    }
}

pub fn unary<T: Float>(op: Unary, x: Array<T>) -> Array<T> {
    x.transform(CHUNK, CHUNK * work(op), |_, part| calculate(part, |x| generic::unary(op, x)))
}

pub fn binary<T: Number>(op: Binary, mut x: Array<T>, mut y: Array<T>) -> Array<T> {
    let (rank, y_rank) = (pair_sizes(&x, &y).len(), y.sizes().len());
    // In place, in an operand of the size of the result whose buffer has no other holder; else in the order of one that lies in
    // order in memory.
    let fitness = |x: &mut Array<T>| (x.as_mut_slice().is_some(), x.as_slice().is_some());
    let into_x = y_rank < rank || x.sizes().len() == rank && fitness(&mut x) >= fitness(&mut y);
    let (x, y, swapped) = if into_x { (x, y, false) } else { (y, x, true) };
    match x.sizes() == y.sizes() && y.as_slice().is_none() {
        true => with_runs(op, x, &y, swapped),
        false => with_repeated(op, x, &y, swapped),
    }
}

/// `op` on each element of `x` and of `y`, which lies in any layout; in the other order, if they are swapped.
fn with_runs<T: Number>(op: Binary, x: Array<T>, y: &Array<T>, swapped: bool) -> Array<T> {
    let (runs, elements) = (Runs::new(y.layout()), y.buffer());
    x.transform(CHUNK, CHUNK, |i, mut x| {
        let parts = runs.parts(i * CHUNK, x.len());
        // As operands by themselves, if they are long.
        if runs.len >= SHORT_RUN && runs.stride < 2 {
            for (at, len, start) in parts {
                let y = match runs.stride {
                    0 => Operand::Scalar(elements[start]),
                    _ => Operand::Slice(&elements[start..start + len]),
                };
                generic::binary(op, x.part(at..at + len), y, swapped);
            }
            return;
        }
        let mut copied = Vec::with_capacity(x.len());
        for (_, len, start) in parts {
            match runs.stride {
                0 => copied.extend(std::iter::repeat_n(elements[start], len)),
                stride => copied.extend(elements[start..].iter().step_by(stride).take(len)),
            }
        }
        generic::binary(op, x, Operand::Slice(&copied), swapped);
    })
}

/// `op` on each element of `x` and of `y`, which is repeated; in the other order, if they are swapped.
fn with_repeated<T: Number>(op: Binary, x: Array<T>, y: &Array<T>, swapped: bool) -> Array<T> {
    let mut y = y.elements();
    if (1..SHORT).contains(&y.len()) && y.len() < x.layout().len() {
        y = Cow::Owned(y.repeat(SHORT.div_ceil(y.len())));
    }
    x.transform(CHUNK, CHUNK, |i, mut x| {
        for (start, len, from) in runs(i * CHUNK, x.len(), y.len()) {
            generic::binary(op, x.part(start..start + len), Operand::Slice(&y[from..from + len]), swapped);
        }
    })
}

pub fn binary_scalar<T: Number>(op: Binary, x: Array<T>, y: T) -> Array<T> {
    x.transform(CHUNK, CHUNK, |_, x| generic::binary(op, x, Operand::Scalar(y), false))
}

pub fn scalar_binary<T: Number>(op: Binary, x: T, y: Array<T>) -> Array<T> {
    y.transform(CHUNK, CHUNK, |_, y| generic::binary(op, y, Operand::Scalar(x), true))
}

fn holds<T: PartialOrd>(op: Compare, x: T, y: T) -> bool {
    match op {
        Compare::Equal => x == y,
        Compare::NotEqual => x != y,
        Compare::Less => x < y,
        Compare::LessOrEqual => x <= y,
        Compare::Greater => x > y,
        Compare::GreaterOrEqual => x >= y,
    }
}

pub fn compare<T: Element + PartialOrd>(op: Compare, x: &Array<T>, y: &Array<T>) -> Array<bool> {
    let sizes = pair_sizes(x, y);
    let (x, y) = (x.elements(), y.elements());
    let pairs = x.iter().cycle().zip(y.iter().cycle());
    Array::collect(sizes, pairs.map(|(x, y)| holds(op, *x, *y)))
}

pub fn compare_scalar<T: Element + PartialOrd>(op: Compare, x: &Array<T>, y: T) -> Array<bool> {
    Array::collect(x.sizes(), x.elements().iter().map(|x| holds(op, *x, y)))
}

pub fn select<T: Element>(condition: &Array<bool>, x: &Array<T>, y: &Array<T>) -> Array<T> {
    assert!(condition.sizes() == x.sizes() && x.sizes() == y.sizes(), "a selection among arrays of one shape");
    let pairs = x.elements();
    let (condition, y) = (condition.elements(), y.elements());
    let chosen = condition.iter().zip(pairs.iter().zip(y.iter())).map(|(&c, (&x, &y))| if c { x } else { y });
    Array::collect(x.sizes(), chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::ops::fused::tests::{some_inputs, some_sizes};
    use crate::cpu::testing::{assert_near, random};
    use half::{bf16, f16};

    #[test]
    fn arrays_of_any_layout_go_together() {
        let mut rng = fastrand::Rng::with_seed(1);
        for _ in 0..if cfg!(miri) { 10 } else { 300 } {
            let sizes = some_sizes(&mut rng);
            let pair = some_inputs::<f32>(&mut rng, sizes, 2);
            let [x, y] = [&pair[0], &pair[1]];
            for op in [Binary::Sub, Binary::Max] {
                let whole = |x: &Array<f32>| Array::from_vec(x.elements().into_owned(), x.sizes());
                let found = binary(op, x.clone(), y.clone());
                assert_eq!(found.elements(), binary(op, whole(x), whole(y)).elements(), "{sizes:?}");
                // In place, of one that nobody else holds.
                assert_eq!(binary(op, whole(x), y.clone()).elements(), found.elements(), "{sizes:?}");
                assert_eq!(binary(op, x.clone(), whole(y)).elements(), found.elements(), "{sizes:?}");
            }
        }
    }

    #[test]
    fn pairs_repeat_the_shorter_array() {
        for (x_sizes, y_sizes) in [(&[2, 3, 4][..], &[3, 4][..]), (&[4], &[5, 4]), (&[], &[2, 2]), (&[3, 0], &[0])] {
            let (x, y) = (random::<f64>(x_sizes, 1), random::<f64>(y_sizes, 2));
            let sum = binary(Binary::Sub, x.clone(), y.clone());
            let (x, y) = (x.elements(), y.elements());
            let expected: Vec<f64> = (0..sum.elements().len()).map(|i| x[i % x.len()] - y[i % y.len()]).collect();
            assert_eq!(*sum.elements(), expected);
        }
    }

    #[test]
    fn a_short_array_is_repeated_across_the_ends_of_chunks() {
        for (rows, size) in if cfg!(miri) { [(3, 5), (1, 300)] } else { [(2000, 5), (30, 300)] } {
            let (x, y) = (random::<f32>(&[rows, size], 1), random::<f32>(&[size], 2));
            let expected: Vec<f32> = (0..rows * size).map(|i| x.elements()[i] - y.elements()[i % size]).collect();
            assert_eq!(*binary(Binary::Sub, x.clone(), y.clone()).elements(), expected);
            let swapped: Vec<f32> = expected.iter().map(|x| -x).collect();
            assert_eq!(*binary(Binary::Sub, y, x).elements(), swapped);
        }
    }

    #[test]
    fn narrow_numbers_are_calculated_with_as_single() {
        let sizes: &[usize] = if cfg!(miri) { &[3, 5] } else { &[3, 5001] };
        let x = random::<f32>(sizes, 1);
        let (half, brain) = (map(&x, 1, f16::from_f32), map(&x, 1, bf16::from_f32));
        let y = binary_scalar(Binary::Div, half.clone(), f16::from_f32(3.0));
        let z = binary_scalar(Binary::Div, brain.clone(), bf16::from_f32(3.0));
        for op in [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Max, Binary::Min] {
            let pairs =
                half.elements().iter().zip(&*y.elements()).map(|(&x, &y)| f16::binary(op, x, y)).collect::<Vec<_>>();
            assert_eq!(*binary(op, half.clone(), y.clone()).elements(), pairs);
            let pairs =
                brain.elements().iter().zip(&*z.elements()).map(|(&x, &y)| bf16::binary(op, y, x)).collect::<Vec<_>>();
            assert_eq!(*binary(op, z.clone(), brain.clone()).elements(), pairs);
            let scaled = half.elements().iter().map(|&x| f16::binary(op, f16::ONE, x)).collect::<Vec<_>>();
            assert_eq!(*scalar_binary(op, f16::ONE, half.clone()).elements(), scaled);
        }
    }

    #[test]
    fn what_nobody_else_holds_is_changed_in_place() {
        let (x, y) = (random::<f32>(&[3, 4], 1), random::<f32>(&[4], 2));
        let expected = binary(Binary::Sub, x.clone(), y.clone());
        let (own, own_y) = (binary_scalar(Binary::Add, x.clone(), 0.0), binary_scalar(Binary::Add, y.clone(), 0.0));
        let (start, y_start) = (own.buffer().as_ptr(), own_y.buffer().as_ptr());
        let changed = binary(Binary::Sub, own, y.clone());
        assert_eq!(changed.buffer().as_ptr(), start);
        assert_eq!(changed.elements(), expected.elements());
        // The larger one is the second, or the first is held by another.
        let changed = binary(Binary::Sub, x.narrow(0, 1, 1).reshape(&[4]), own_y);
        assert_eq!(changed.buffer().as_ptr(), y_start);
        let row: Vec<f32> = x.elements()[4..8].iter().zip(&*y.elements()).map(|(x, y)| x - y).collect();
        assert_eq!(*changed.elements(), row);
        let held = changed.clone();
        assert_ne!(unary(Unary::Neg, changed).buffer().as_ptr(), held.buffer().as_ptr());
        assert_eq!(*held.elements(), row);
    }

    #[test]
    fn functions_agree_with_their_definitions() {
        let x = random::<f64>(if cfg!(miri) { &[3, 5] } else { &[3, 1700] }, 3);
        let cases: [(Unary, fn(f64) -> f64); 9] = [
            (Unary::Abs, f64::abs),
            (Unary::Neg, |x| -x),
            (Unary::Square, |x| x.powi(2)),
            (Unary::Exp, f64::exp),
            (Unary::Tanh, f64::tanh),
            (Unary::Relu, |x| x.max(0.0)),
            (Unary::Sigmoid, |x| 0.5 * (1.0 + (x / 2.0).tanh())),
            (Unary::Silu, |x| x * 0.5 * (1.0 + (x / 2.0).tanh())),
            (Unary::Gelu, |x| x * 0.5 * libm::erfc(-x / 2f64.sqrt())),
        ];
        for (op, f) in cases {
            let expected: Vec<f64> = x.elements().iter().map(|&x| f(x)).collect();
            assert_near(&unary(op, x.clone()), &expected, 1e-12);
            let single = map(&x, 1, |x| x as f32);
            assert_near(&unary(op, single), &expected, 1e-6);
            let half = map(&x, 1, f16::from_f64);
            assert_near(&unary(op, half), &expected, 1e-2);
        }
    }

    #[test]
    fn not_a_number_stays() {
        let nan = Array::from_vec(vec![f32::NAN, 1.0], &[2]);
        for op in [Binary::Max, Binary::Min] {
            assert!(binary_scalar(op, nan.clone(), 0.0).elements()[0].is_nan());
            assert!(scalar_binary(op, 0.0, nan.clone()).elements()[0].is_nan());
        }
        assert!(unary(Unary::Relu, nan).elements()[0].is_nan());
    }

    #[test]
    fn integers_never_panic() {
        let x = Array::from_vec(vec![i32::MIN, 5], &[2]);
        assert_eq!(*binary_scalar(Binary::Div, x.clone(), -1).elements(), [i32::MIN, -5]);
        assert_eq!(*binary_scalar(Binary::Div, x.clone(), 0).elements(), [0, 0]);
        assert_eq!(*binary_scalar(Binary::Sub, x, 1).elements(), [i32::MAX, 4]);
    }

    #[test]
    fn a_conversion_is_that_of_as() {
        let cast = |x: f64| <u8 as Number>::from_value(x.to_value());
        assert_eq!([cast(3.9), cast(-1.0), cast(300.0), cast(f64::NAN)], [3, 0, 255, 0]);
        assert_eq!(<i8 as Number>::from_value(300i32.to_value()), 44);
        assert_eq!(bf16::from_value(1.0f64.to_value()), bf16::ONE);
    }

    #[test]
    fn comparison_and_selection() {
        let (x, y) = (random::<f32>(&[7], 1), random::<f32>(&[7], 2));
        let larger = compare(Compare::Greater, &x, &y);
        assert_eq!(select(&larger, &x, &y).elements(), binary(Binary::Max, x.clone(), y.clone()).elements());
        assert!(compare_scalar(Compare::NotEqual, &x, f32::NAN).elements().iter().all(|&differs| differs));
    }
}
