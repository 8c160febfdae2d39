//! What is calculated along an axis.

use super::elementwise::first;
use crate::backend::{Backend, Engine, Float, Reduce, composed};
use crate::conformance::case::{Case, float};
use crate::conformance::on::On;
use crate::conformance::reference::{Near, rows as expected};
use crate::conformance::sample::{Sample, double, ids, numbers};
use crate::conformance::view::Maker;

pub const REDUCE: [Reduce; 5] = [Reduce::Sum, Reduce::Mean, Reduce::Variance, Reduce::Max, Reduce::Min];

/// An axis of an array.
pub const AXES: [(&[usize], usize); 14] = [
    (&[5], 0),
    (&[1], 0),
    (&[0], 0),
    (&[3, 4], 0),
    (&[3, 4], 1),
    (&[0, 4], 1),
    (&[4, 0], 1),
    (&[2, 3, 9], 1),
    (&[2, 37], 1),
    (&[3, 2, 2, 4], 0),
    (&[1, 2, 1, 3], 2),
    (&[2, 1, 3, 1, 2], 2),
    (&[2, 1, 2, 3, 1, 2], 3),
    (&[2, 1, 2, 1, 2, 3], 5),
];

/// The target of each row.
fn targets(sizes: &[usize]) -> Sample<u32> {
    let (size, outer) = sizes.split_last().expect("a last axis");
    ids(outer, *size as u32, 7)
}

/// What is made of the others for all engines: its name, and what it should give of a row.
type Reduction<E, T> =
    (&'static str, fn(&<E as Engine>::Array<T>, usize) -> <E as Engine>::Array<T>, fn(&[f64]) -> Near);

pub fn reductions<E: Engine, T: Float>() -> [Reduction<E, T>; 4] {
    [
        ("deviation", composed::deviation::<On<E, T>>, expected::deviation),
        ("norm", composed::norm::<On<E, T>>, expected::length),
        ("log_sum_exp", composed::log_sum_exp::<On<E, T>>, expected::log_sum_exp),
        ("product", composed::product::<On<E, T>>, expected::product),
    ]
}

pub fn cases<E: Engine, T: Float>() -> Vec<Case<E, T>> {
    let mut cases = Vec::new();
    for (sizes, axis) in AXES {
        let x = || [numbers::<T>(sizes, sizes.len() as u64)];
        let along = format!("along axis {axis}");
        for op in REDUCE {
            let run = move |_: &Maker<E>, x: Vec<_>| On::<E, T>::reduce(op, &x[0], axis);
            let expected = move |x: &[Sample<f64>]| x[0].reduce(axis, |row| expected::reduce(op, row));
            cases.push(Case::new("reduce", format!("{op:?} {along}"), x(), run, expected));
        }
        for (which, op) in [Reduce::Mean, Reduce::Variance].into_iter().enumerate() {
            let run = move |_: &Maker<E>, x: Vec<_>| On::<E, T>::mean_variance(&x[0], axis)[which].clone();
            let expected = move |x: &[Sample<f64>]| x[0].reduce(axis, |row| expected::reduce(op, row));
            cases.push(Case::new("mean_variance", format!("{op:?} {along}"), x(), run, expected));
        }
        for (name, run, expected) in reductions::<E, T>() {
            let run = move |_: &Maker<E>, x: Vec<_>| run(&x[0], axis);
            cases.push(Case::new(name, &along, x(), run, move |x| x[0].reduce(axis, expected)));
        }
        let run = move |_: &Maker<E>, x: Vec<_>| On::<E, T>::softmax(first(x), axis);
        cases.push(Case::new("softmax", &along, x(), run, move |x| x[0].rows(axis, expected::softmax)));
        let run = move |_: &Maker<E>, x: Vec<_>| On::<E, T>::log_softmax(first(x), axis);
        cases.push(Case::new("log_softmax", &along, x(), run, move |x| x[0].rows(axis, expected::log_softmax)));
    }
    for sizes in [&[5][..], &[3, 4], &[0, 4], &[2, 3, 1], &[2, 1, 2, 1, 2, 9]] {
        let x = || numbers::<T>(sizes, 8);
        for smoothing in [0.0, 0.1] {
            let run = move |maker: &Maker<E>, x: Vec<_>| {
                let targets = maker.as_given().array(&targets(sizes));
                On::<E, T>::cross_entropy(&x[0], &targets, smoothing)
            };
            let expected = move |x: &[Sample<f64>]| losses(&x[0], &targets(sizes), smoothing);
            cases.push(Case::new("cross_entropy", format!("smoothing {smoothing}"), [x()], run, expected));
        }
        let [weight, bias] = [9, 10].map(|seed| numbers::<T>(&sizes[sizes.len() - 1..], seed));
        let rank = sizes.len();
        for (epsilon, has_bias) in [(1e-5, true), (1e-2, false)] {
            let inputs = [vec![x(), weight.clone()], if has_bias { vec![bias.clone()] } else { vec![] }].concat();
            let run = move |_: &Maker<E>, x: Vec<E::Array<T>>| {
                let (weight, bias) = (x[1].clone(), x.get(2).cloned());
                On::<E, T>::layer_norm(first(x), &weight, bias.as_ref(), epsilon)
            };
            let expected = move |x: &[Sample<f64>]| {
                let bias = x.get(2).map(|bias| &bias.elements[..]);
                x[0].rows(rank - 1, |row| expected::norm(row, &x[1].elements, bias, epsilon, true))
            };
            cases.push(Case::new("layer_norm", format!("epsilon {epsilon}"), inputs, run, expected));
        }
        let run = move |_: &Maker<E>, x: Vec<E::Array<T>>| {
            let weight = x[1].clone();
            On::<E, T>::rms_norm(first(x), &weight, 1e-5)
        };
        let expected =
            move |x: &[Sample<f64>]| x[0].rows(rank - 1, |row| expected::norm(row, &x[1].elements, None, 1e-5, false));
        cases.push(Case::new("rms_norm", "epsilon 0.00001", [x(), weight], run, expected));
    }
    // Far from zero: no digits are lost of the distances from the mean.
    let far = numbers::<T>(&[3, 16], 11).map(|x| float(double(x) + 200.0));
    let run = |_: &Maker<E>, x: Vec<_>| On::<E, T>::reduce(Reduce::Variance, &x[0], 1);
    let expected = |x: &[Sample<f64>]| {
        x[0].reduce(1, |row| {
            let near = row.iter().map(|x| x - row[0]).collect::<Vec<_>>();
            expected::reduce(Reduce::Variance, &near)
        })
    };
    cases.push(Case::new("reduce", "Variance of numbers around 200", [far], run, expected));
    cases
}

fn losses(x: &Sample<f64>, targets: &Sample<u32>, smoothing: f64) -> Sample<Near> {
    let axis = x.rank() - 1;
    let numbers = Sample::new(&targets.sizes, (0..targets.elements.len()).collect());
    let rows: Vec<Vec<f64>> = x.elements.chunks(x.sizes[axis].max(1)).map(<[f64]>::to_vec).collect();
    numbers.map(|row| expected::cross_entropy(&rows[row], targets.elements[row] as usize, smoothing))
}
