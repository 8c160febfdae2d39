//! Products, and rotary positions.

use super::elementwise::first;
use crate::backend::{Backend, Engine, Epilogue, Float, RotaryLayout, Unary};
use crate::conformance::case::{Case, float};
use crate::conformance::on::On;
use crate::conformance::reference::matmul as expected;
use crate::conformance::sample::{Sample, numbers};
use crate::conformance::view::Maker;

/// Sizes of factors.
pub const FACTORS: [[&[usize]; 2]; 11] = [
    [&[3, 4], &[4, 5]],
    [&[1, 1], &[1, 1]],
    [&[2, 0], &[0, 3]],
    [&[0, 2], &[2, 3]],
    [&[2, 3], &[3, 0]],
    [&[7, 33], &[33, 9]],
    [&[2, 3, 4], &[2, 4, 5]],
    [&[2, 3, 4], &[4, 2]],
    [&[2, 2, 3, 4], &[2, 2, 4, 1]],
    [&[1, 2, 1, 2, 3, 4], &[1, 2, 1, 2, 4, 2]],
    [&[0, 3, 4], &[4, 5]],
];

pub fn cases<E: Engine, T: Float>() -> Vec<Case<E, T>> {
    let mut cases = Vec::new();
    for [x, y] in FACTORS {
        let inputs = [numbers(x, 1), numbers(y, 2)];
        let run = |_: &Maker<E>, x: Vec<_>| On::<E, T>::matmul(&x[0], &x[1]);
        cases.push(Case::new("matmul", "", inputs, run, |x| expected::matmul(&x[0], &x[1])));
    }
    cases.extend(linear());
    cases.extend(rotate());
    cases
}

/// With each part of the epilogue, and without.
fn linear<E: Engine, T: Float>() -> Vec<Case<E, T>> {
    let mut cases = Vec::new();
    for (sizes, outputs) in
        [(&[5][..], 3), (&[3, 4], 5), (&[2, 3, 9], 17), (&[2, 0], 3), (&[0, 4], 2), (&[2, 1, 2, 1, 2, 3], 4)]
    {
        let (inputs, outer) = sizes.split_last().expect("features are the last axis");
        let [x, weight] = [numbers::<T>(sizes, 1), numbers(&[outputs, *inputs], 2)];
        let (bias, residual) = (numbers::<T>(&[outputs], 3), numbers(&[outer, &[outputs]].concat(), 4));
        for (has_bias, activation, has_residual) in [
            (false, None, false),
            (true, None, false),
            (false, None, true),
            (true, Some(Unary::Gelu), false),
            (true, Some(Unary::GeluTanh), false),
            (false, Some(Unary::Tanh), true),
            (true, Some(Unary::Silu), true),
            (true, Some(Unary::Sigmoid), true),
        ] {
            let mut inputs = vec![x.clone(), weight.clone()];
            inputs.extend(has_bias.then(|| bias.clone()));
            inputs.extend(has_residual.then(|| residual.clone()));
            let run = move |_: &Maker<E>, x: Vec<E::Array<T>>| {
                let [bias, residual] = parts(&x, [has_bias, has_residual]);
                On::<E, T>::linear(&x[0], &x[1], Epilogue { bias, activation, residual })
            };
            let expected = move |x: &[Sample<f64>]| {
                let [bias, residual] = parts(x, [has_bias, has_residual]);
                expected::linear(&x[0], &x[1], bias, activation, residual)
            };
            let with = format!("bias {has_bias}, activation {activation:?}, residual {has_residual}");
            cases.push(Case::new("linear", with, inputs, run, expected));
        }
    }
    cases
}

/// What follows the factors.
fn parts<A>(inputs: &[A], [has_bias, has_residual]: [bool; 2]) -> [Option<&A>; 2] {
    let mut others = inputs[2..].iter();
    [has_bias, has_residual].map(|has| if has { others.next() } else { None })
}

fn rotate<E: Engine, T: Float>() -> Vec<Case<E, T>> {
    let mut cases = Vec::new();
    for [batch, heads, sequence, d] in [[2, 3, 4, 6], [1, 1, 1, 2], [2, 1, 0, 4], [2, 2, 3, 0], [3, 2, 5, 16]] {
        let angles = move |f: fn(f64) -> f64| {
            let angle = |[b, s, i]: [usize; 3]| (7 * b + s) as f64 / 10f64.powi(i as i32);
            let sizes = [batch, sequence, d / 2];
            Sample::from_fn(&sizes, |index| float::<T>(f(angle([index[0], index[1], index[2]]))))
        };
        for layout in [RotaryLayout::Half, RotaryLayout::Interleaved] {
            let run = move |maker: &Maker<E>, x: Vec<_>| {
                let [cos, sin] = [f64::cos, f64::sin].map(|f| maker.as_given().array(&angles(f)));
                On::<E, T>::rotate(first(x), &cos, &sin, layout)
            };
            let expected = move |x: &[Sample<f64>]| {
                let [cos, sin] = [f64::cos, f64::sin].map(|f| angles(f).map(crate::conformance::sample::double));
                expected::rotate(&x[0], [&cos, &sin], layout)
            };
            let x = [numbers(&[batch, heads, sequence, d], 6)];
            cases.push(Case::new("rotate", format!("{layout:?}"), x, run, expected));
        }
    }
    cases
}
