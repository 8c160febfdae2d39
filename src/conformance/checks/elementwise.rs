//! Functions of each element and of pairs, and programs of them.

use crate::backend::{Backend, Binary, Compare, Engine, Float, Number, Program, Step, Unary};
use crate::conformance::case::{Case, float};
use crate::conformance::on::On;
use crate::conformance::reference::elementwise as expected;
use crate::conformance::report::{Report, same};
use crate::conformance::sample::{Sample, double, numbers};
use crate::conformance::view::{Maker, View};

const COMPARE: [Compare; 6] =
    [Compare::Equal, Compare::NotEqual, Compare::Less, Compare::LessOrEqual, Compare::Greater, Compare::GreaterOrEqual];

/// Sizes of pairs, one of which has the last sizes of the other.
pub const PAIRS: [[&[usize]; 2]; 8] = [
    [&[2, 3, 4], &[2, 3, 4]],
    [&[3, 4], &[4]],
    [&[4], &[2, 3, 4]],
    [&[2, 3], &[]],
    [&[], &[]],
    [&[2, 0, 3], &[0, 3]],
    [&[1, 1], &[1]],
    [&[2, 1, 2, 1, 2, 2], &[1, 2, 2]],
];

/// Of any rank, with zeros and ones among the sizes.
pub const SHAPES: [&[usize]; 10] =
    [&[], &[1], &[7], &[0], &[3, 5], &[2, 0, 3], &[1, 4, 1], &[2, 3, 2, 2], &[2, 1, 2, 3, 1], &[2, 1, 2, 1, 2, 2]];

/// Away from zero, since nothing is divided by it here.
fn divisors<T: Float>(sizes: &[usize], seed: u64) -> Sample<T> {
    numbers::<T>(sizes, seed).map(|x| float(double(x) + 0.5f64.copysign(double(x))))
}

/// Between the whole numbers, and the halves: where functions that are whole numbers have no step.
fn between<T: Float>(x: &Sample<T>) -> Sample<T> {
    x.map(|x| float(((double(x) * 8.0).round() + 0.5) / 8.0))
}

/// Where the function has values and slopes, made of any numbers.
fn arguments<T: Float>(op: Unary, x: Sample<T>) -> Sample<T> {
    match op {
        Unary::Sqrt | Unary::Rsqrt | Unary::Ln | Unary::Log2 | Unary::Log10 | Unary::Log1p => {
            x.map(|x| float(double(x).abs() + 0.25))
        }
        Unary::Recip => x.map(|x| float(double(x) + 0.5f64.copysign(double(x)))),
        // Beyond it there is none at a quarter of a turn.
        Unary::Tan => x.map(|x| float(double(x).clamp(-1.25, 1.25))),
        Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => between(&x),
        _ => x,
    }
}

/// The same of functions of two numbers.
fn pair<T: Float>(op: Binary, [x, y]: [Sample<T>; 2]) -> [Sample<T>; 2] {
    match op {
        Binary::Pow => [x.map(|x| float(double(x).abs() + 0.25)), y],
        // The first is no multiple of the second.
        Binary::Fmod | Binary::Remainder => [between(&x), y.map(|y| float((double(y) * 8.0).round() / 8.0))],
        _ => [x, y],
    }
}

pub fn cases<E: Engine, T: Float>() -> Vec<Case<E, T>> {
    let mut cases = Vec::new();
    for &op in Unary::ALL {
        for (seed, sizes) in SHAPES.into_iter().enumerate() {
            let x = arguments(op, numbers::<T>(sizes, seed as u64));
            let run = move |_: &Maker<E>, x: Vec<_>| On::<E, T>::unary(op, first(x));
            cases.push(Case::new("unary", format!("{op:?}"), [x], run, move |x| x[0].map(|x| expected::unary(op, x))));
        }
        // Larger ones, of both signs.
        let x = numbers::<T>(&[64], 1).map(|x| float(4.0 * (double(x) + 0.05f64.copysign(double(x)))));
        let x = arguments(op, x);
        let run = move |_: &Maker<E>, x: Vec<_>| On::<E, T>::unary(op, first(x));
        cases.push(Case::new("unary", format!("{op:?}"), [x], run, move |x| x[0].map(|x| expected::unary(op, x))));
    }
    for &op in Binary::ALL {
        for (seed, sizes) in PAIRS.into_iter().enumerate() {
            let inputs = pair(op, [numbers(sizes[0], seed as u64), divisors(sizes[1], seed as u64 + 100)]);
            let run = move |_: &Maker<E>, x: Vec<_>| {
                let [x, y] = two(x);
                On::<E, T>::binary(op, x, y)
            };
            let expected = move |x: &[Sample<f64>]| expected::pairs(&x[0], &x[1], |x, y| expected::binary(op, x, y));
            cases.push(Case::new("binary", format!("{op:?}"), inputs, run, expected));
        }
        for (sizes, y) in SHAPES.into_iter().zip([0.75, -1.5, 3.0].into_iter().cycle()) {
            let with = format!("{op:?}, {y}");
            let run = move |_: &Maker<E>, x: Vec<_>| On::<E, T>::binary_scalar(op, first(x), float(y));
            let expected = move |x: &[Sample<f64>]| x[0].map(|x| expected::binary(op, x, y));
            let [x, _] = pair(op, [numbers(sizes, 3), numbers(sizes, 3)]);
            cases.push(Case::new("binary_scalar", &with, [x], run, expected));
            // A power of a number below zero is none.
            let y = if op == Binary::Pow { y.abs() } else { y };
            let run = move |_: &Maker<E>, x: Vec<_>| On::<E, T>::scalar_binary(op, float(y), first(x));
            let expected = move |x: &[Sample<f64>]| x[0].map(|x| expected::binary(op, y, x));
            let x = match op {
                // None of the numbers is a multiple of these.
                Binary::Fmod | Binary::Remainder => between(&divisors(sizes, 4)),
                _ => divisors(sizes, 4),
            };
            cases.push(Case::new("scalar_binary", &with, [x], run, expected));
        }
    }
    cases.extend(along_axes());
    cases.extend(fused());
    cases
}

/// Of an array and one that is repeated along some of its axes, as what a reduction gave is.
fn along_axes<E: Engine, T: Float>() -> Vec<Case<E, T>> {
    let sizes: [[[usize; 3]; 2]; 5] = [
        [[2, 3, 4], [2, 3, 1]],
        [[2, 3, 4], [2, 1, 4]],
        [[2, 3, 4], [2, 1, 1]],
        [[2, 2, 130], [2, 2, 1]],
        [[2, 3, 70], [2, 1, 70]],
    ];
    let mut cases = Vec::new();
    for ([whole, sizes], op) in sizes.into_iter().zip([Binary::Sub, Binary::Mul, Binary::Div].into_iter().cycle()) {
        let inputs = || [numbers(&whole, 1), divisors(&sizes, 2)];
        let expected =
            move |x: &[Sample<f64>]| expected::pairs(&x[0], &x[1].broadcast(&whole), |x, y| expected::binary(op, x, y));
        let run = move |_: &Maker<E>, x: Vec<_>| {
            let [x, y] = two(x);
            let y = On::<E, T>::broadcast(&y, &whole);
            On::<E, T>::binary(op, x, y)
        };
        cases.push(Case::new("binary", format!("{op:?}, repeated"), inputs(), run, expected));
        let run = move |_: &Maker<E>, x: Vec<_>| {
            let [x, y] = two(x);
            let mut program = Program::new(2);
            program.push(Step::Binary(op, 0, 1));
            On::<E, T>::fused(&program, &[x, On::<E, T>::broadcast(&y, &whole)])
        };
        cases.push(Case::new("fused", format!("{op:?}, repeated"), inputs(), run, expected));
    }
    cases
}

/// One that gives an input, a chain, and one that needs values twice.
fn programs<T: Float>() -> [Program<T>; 3] {
    let mut chain = Program::new(2);
    chain.push(Step::Binary(Binary::Mul, 0, 1));
    chain.push(Step::Binary(Binary::Add, 2, 0));
    chain.push(Step::Unary(Unary::Silu, 3));
    chain.push(Step::BinaryScalar(Binary::Mul, 4, float(0.5)));
    chain.push(Step::ScalarBinary(Binary::Sub, float(1.25), 5));
    let mut twice = Program::new(2);
    twice.push(Step::Unary(Unary::Tanh, 1));
    twice.push(Step::Binary(Binary::Mul, 2, 2));
    twice.push(Step::Binary(Binary::Max, 3, 0));
    twice.push(Step::Binary(Binary::Add, 4, 2));
    twice.push(Step::Unary(Unary::Neg, 0));
    twice.give(5);
    [Program::new(2), chain, twice]
}

fn fused<E: Engine, T: Float>() -> Vec<Case<E, T>> {
    let mut cases = Vec::new();
    for program in programs() {
        for sizes in [&[][..], &[2, 3], &[0, 2], &[3, 1, 17]] {
            let (run, known) = (program.clone(), program.clone());
            cases.push(Case::new(
                "fused",
                format!("{program:?}"),
                [numbers(sizes, 5), numbers(sizes, 6)],
                move |_, x| On::<E, T>::fused(&run, &x),
                move |x| {
                    let pair = |x, y| expected::program(&known, &[x, y], |x| double(*x));
                    expected::pairs(&x[0], &x[1], pair)
                },
            ));
        }
    }
    cases
}

/// Several values of a program at once, in the order in which they were asked for. They have no gradients.
pub fn fused_values<E: Engine, T: Float>() -> Vec<Case<E, T>> {
    let mut cases = Vec::new();
    for program in programs::<T>() {
        let values: Vec<usize> = (2..program.values()).rev().step_by(2).collect();
        for (sizes, (place, value)) in [&[][..], &[0, 2], &[3, 1, 17]]
            .into_iter()
            .flat_map(|sizes| values.iter().enumerate().map(move |of| (sizes, of)))
        {
            let (run, values, mut known) = (program.clone(), values.clone(), program.clone());
            known.give(*value);
            cases.push(Case::new(
                "fused_values",
                format!("{value} of {program:?}"),
                [numbers(sizes, 5), numbers(sizes, 6)],
                move |_, x| On::<E, T>::fused_values(&run, &values, x).swap_remove(place),
                move |x| {
                    let pair = |x, y| expected::program(&known, &[x, y], |x| double(*x));
                    expected::pairs(&x[0], &x[1], pair)
                },
            ));
        }
    }
    cases
}

pub fn first<A>(arrays: Vec<A>) -> A {
    arrays.into_iter().next().expect("a first array")
}
pub fn two<A>(arrays: Vec<A>) -> [A; 2] {
    arrays.try_into().unwrap_or_else(|_| unreachable!("two arrays"))
}

/// Comparisons of any numbers.
pub fn compare<E: Engine, T: Number>(report: &mut Report, device: &E::Device) {
    let relation = |op, x: T, y: T| match op {
        Compare::Equal => x == y,
        Compare::NotEqual => x != y,
        Compare::Less => x < y,
        Compare::LessOrEqual => x <= y,
        Compare::Greater => x > y,
        Compare::GreaterOrEqual => x >= y,
    };
    for (view, op) in View::ALL.into_iter().flat_map(|view| COMPARE.map(|op| (view, op))) {
        let maker = Maker::<E> { view, device: device.clone() };
        for [x_sizes, y_sizes] in PAIRS {
            // Few different ones, so that some are equal.
            let [x, y] = [(x_sizes, 1), (y_sizes, 2)].map(|(sizes, seed)| {
                let sample = numbers::<T>(sizes, seed)
                    .map(|x| T::from_value(crate::backend::Value::Integer(double(x) as i128 % 2)));
                view.sample(&sample)
            });
            let of = format!("{} {x_sizes:?}, {y_sizes:?} ({view}), {op:?}", T::DATA_TYPE);
            report.check("compare", of, || {
                let found = On::<E, T>::compare(op, &maker.array(&x), &maker.array(&y));
                same::<E, bool>(&found, &expected::pairs(&x, &y, |x, y| relation(op, x, y)), device)
            });
            let of = format!("{} {x_sizes:?} ({view}), {op:?} and 1", T::DATA_TYPE);
            report.check("compare_scalar", of, || {
                let found = On::<E, T>::compare_scalar(op, &maker.array(&x), T::one());
                same::<E, bool>(&found, &x.map(|x| relation(op, x, T::one())), device)
            });
        }
    }
}
