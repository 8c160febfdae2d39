//! Functions of each element, and of each pair.

use super::array::Array;
use super::parallel::{for_each_chunk, map_chunks};
use crate::backend::{Binary, Compare, Element, Float, Number, Real as _, Unary};

/// Elements that one core takes at a time.
const CHUNK: usize = 1 << 12;

/// An array of `f(i)` for a chunk that begins at `i`: `f` fills it.
fn fill<T: Element + Send>(sizes: &[usize], start: T, work: usize, f: impl Fn(usize, &mut [T]) + Sync) -> Array<T> {
    let mut out = vec![start; sizes.iter().product()];
    for_each_chunk(&mut out, CHUNK, CHUNK * work, |chunk, part| f(chunk * CHUNK, part));
    Array::from_vec(out, sizes)
}

pub fn map<T: Element, U: Element>(x: &Array<T>, start: U, work: usize, f: impl Fn(T) -> U + Sync) -> Array<U> {
    let elements = x.elements();
    fill(x.sizes(), start, work, |at, out| {
        out.iter_mut().zip(&elements[at..]).for_each(|(out, &x)| *out = f(x));
    })
}

/// `f` of each pair, where the sizes of one array are the last sizes of the other.
fn zip<T: Element, U: Element>(x: &Array<T>, y: &Array<T>, start: U, f: impl Fn(T, T) -> U + Sync) -> Array<U> {
    let sizes = if x.sizes().len() >= y.sizes().len() { x.sizes() } else { y.sizes() };
    assert!(sizes.ends_with(x.sizes()) && sizes.ends_with(y.sizes()), "{:?} and {:?}", x.sizes(), y.sizes());
    let (x, y) = (x.elements(), y.elements());
    fill(sizes, start, 1, |at, out| {
        let mut done = 0;
        while done < out.len() {
            // Up to the end of the shorter array, which then begins anew.
            let (x_at, y_at) = ((at + done) % x.len(), (at + done) % y.len());
            let run = (out.len() - done).min(x.len() - x_at).min(y.len() - y_at);
            let pairs = x[x_at..x_at + run].iter().zip(&y[y_at..y_at + run]);
            out[done..done + run].iter_mut().zip(pairs).for_each(|(out, (&x, &y))| *out = f(x, y));
            done += run;
        }
    })
}

pub fn unary<T: Float>(op: Unary, x: &Array<T>) -> Array<T> {
    // What is calculated with more than one instruction is worth sharing sooner.
    let work = match op {
        Unary::Abs | Unary::Neg | Unary::Square | Unary::Relu => 1,
        Unary::Recip | Unary::Sqrt => 2,
        _ => 16,
    };
    let apply = |_, part: &mut [T]| T::calculate(part, |x| T::Wide::unary(op, x));
    Array::from_vec(map_chunks(x.elements(), CHUNK, CHUNK * work, apply), x.sizes())
}

/// Each operation is named where its loop is compiled, so that the loop holds no choice.
macro_rules! for_each_operation { ($op:expr, $call:ident!($($argument:tt)*)) => {
    match $op {
        Binary::Add => $call!(Binary::Add, $($argument)*),
        Binary::Sub => $call!(Binary::Sub, $($argument)*),
        Binary::Mul => $call!(Binary::Mul, $($argument)*),
        Binary::Div => $call!(Binary::Div, $($argument)*),
        Binary::Max => $call!(Binary::Max, $($argument)*),
        Binary::Min => $call!(Binary::Min, $($argument)*),
    }
} }

pub fn binary<T: Number>(op: Binary, x: &Array<T>, y: &Array<T>) -> Array<T> {
    macro_rules! call {
        ($op:expr,) => {
            zip(x, y, T::zero(), |x, y| T::binary($op, x, y))
        };
    }
    for_each_operation!(op, call!())
}

pub fn binary_scalar<T: Number>(op: Binary, x: &Array<T>, y: T) -> Array<T> {
    macro_rules! call {
        ($op:expr,) => {
            map(x, T::zero(), 1, |x| T::binary($op, x, y))
        };
    }
    for_each_operation!(op, call!())
}

pub fn scalar_binary<T: Number>(op: Binary, x: T, y: &Array<T>) -> Array<T> {
    macro_rules! call {
        ($op:expr,) => {
            map(y, T::zero(), 1, |y| T::binary($op, x, y))
        };
    }
    for_each_operation!(op, call!())
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
    zip(x, y, false, |x, y| holds(op, x, y))
}

pub fn compare_scalar<T: Element + PartialOrd>(op: Compare, x: &Array<T>, y: T) -> Array<bool> {
    map(x, false, 1, |x| holds(op, x, y))
}

pub fn select<T: Element>(condition: &Array<bool>, x: &Array<T>, y: &Array<T>) -> Array<T> {
    assert!(condition.sizes() == x.sizes() && x.sizes() == y.sizes(), "a selection among arrays of one shape");
    let pairs = x.elements();
    let (condition, y) = (condition.elements(), y.elements());
    let chosen = condition.iter().zip(pairs.iter().zip(y.iter())).map(|(&c, (&x, &y))| if c { x } else { y });
    Array::from_vec(chosen.collect(), x.sizes())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_near, random};
    use super::*;
    use half::{bf16, f16};

    #[test]
    fn pairs_repeat_the_shorter_array() {
        for (x_sizes, y_sizes) in [(&[2, 3, 4][..], &[3, 4][..]), (&[4], &[5, 4]), (&[], &[2, 2]), (&[3, 0], &[0])] {
            let (x, y) = (random::<f64>(x_sizes, 1), random::<f64>(y_sizes, 2));
            let sum = binary(Binary::Sub, &x, &y);
            let (x, y) = (x.elements(), y.elements());
            let expected: Vec<f64> = (0..sum.elements().len()).map(|i| x[i % x.len()] - y[i % y.len()]).collect();
            assert_eq!(*sum.elements(), expected);
        }
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
            assert_near(&unary(op, &x), &expected, 1e-12);
            let single = map(&x, 0.0, 1, |x| x as f32);
            assert_near(&unary(op, &single), &expected, 1e-6);
            let half = map(&x, f16::ZERO, 1, f16::from_f64);
            assert_near(&unary(op, &half), &expected, 1e-2);
        }
    }

    #[test]
    fn not_a_number_stays() {
        let nan = Array::from_vec(vec![f32::NAN, 1.0], &[2]);
        for op in [Binary::Max, Binary::Min] {
            assert!(binary_scalar(op, &nan, 0.0).elements()[0].is_nan());
            assert!(scalar_binary(op, 0.0, &nan).elements()[0].is_nan());
        }
        assert!(unary(Unary::Relu, &nan).elements()[0].is_nan());
    }

    #[test]
    fn integers_never_panic() {
        let x = Array::from_vec(vec![i32::MIN, 5], &[2]);
        assert_eq!(*binary_scalar(Binary::Div, &x, -1).elements(), [i32::MIN, -5]);
        assert_eq!(*binary_scalar(Binary::Div, &x, 0).elements(), [0, 0]);
        assert_eq!(*binary_scalar(Binary::Sub, &x, 1).elements(), [i32::MAX, 4]);
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
        assert_eq!(select(&larger, &x, &y).elements(), binary(Binary::Max, &x, &y).elements());
        assert!(compare_scalar(Compare::NotEqual, &x, f32::NAN).elements().iter().all(|&differs| differs));
    }
}
