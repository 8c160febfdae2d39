//! Attention and its softmax, under every kind of mask.

use super::elementwise::first;
use crate::Rng;
use crate::backend::{Backend, Engine, Float};
use crate::conformance::case::{Case, float};
use crate::conformance::on::On;
use crate::conformance::reference::Near;
use crate::conformance::reference::attention::{self as expected, Mask};
use crate::conformance::report::{Report, near};
use crate::conformance::sample::{Sample, double, numbers};
use crate::conformance::tolerance::Tolerance;
use crate::conformance::view::{Maker, View};

/// Masks of two sequences with so many queries and keys, of which there are no fewer.
pub fn masks([queries, keys]: [usize; 2]) -> Vec<Mask> {
    let allowed = |sizes: &[usize]| {
        let mut rng = Rng::with_seed(3);
        // The first query may attend to nothing.
        Some(Sample::from_fn(sizes, |index| index[index.len() - 2] > 0 && !rng.u64().is_multiple_of(3)))
    };
    let none = Mask::default;
    vec![
        none(),
        Mask { causal: true, ..none() },
        Mask { window: Some(2), ..none() },
        Mask { window: Some(0), causal: true, ..none() },
        Mask { window: Some(2), causal: true, ..none() },
        Mask { first_query: Some(vec![0, 1]), ..none() },
        Mask { first_query: Some(vec![0, 1]), causal: true, ..none() },
        Mask { first_query: Some(vec![keys + 4, 1]), window: Some(3), causal: true, ..none() },
        Mask { first_query: Some(vec![usize::MAX / 2, 1]), window: Some(3), causal: true, ..none() },
        Mask { first_query: Some(vec![2, 0]), window: Some(1), ..none() },
        Mask { lengths: Some(vec![keys, keys / 2]), ..none() },
        Mask { lengths: Some(vec![0, keys.min(1)]), ..none() },
        Mask { allowed: allowed(&[2, queries, keys]), ..none() },
        Mask { allowed: allowed(&[queries, keys]), ..none() },
        Mask {
            causal: true,
            window: Some(4),
            first_query: Some(vec![1, 2]),
            lengths: Some(vec![keys - keys / 4, keys / 2]),
            allowed: allowed(&[2, queries, keys]),
        },
        Mask { lengths: Some(vec![keys / 2, keys]), causal: true, allowed: allowed(&[queries, keys]), ..none() },
    ]
}

/// Heads of the queries and of the keys, queries, keys, and the sizes of a key and of a value.
const SIZES: [[usize; 6]; 8] = [
    [2, 2, 3, 5, 4, 4],
    [4, 2, 3, 3, 2, 3],
    [3, 1, 1, 6, 5, 2],
    [1, 1, 1, 1, 1, 1],
    [2, 1, 0, 3, 2, 2],
    [2, 2, 2, 7, 0, 2],
    [1, 1, 2, 3, 2, 0],
    [2, 1, 9, 20, 8, 8],
];

pub fn cases<E: Engine, T: Float>() -> Vec<Case<E, T>> {
    let mut cases = Vec::new();
    for [heads, key_heads, queries, keys, d, e] in SIZES {
        let [q, k, v] = [[heads, queries, d], [key_heads, keys, d], [key_heads, keys, e]];
        let [q, k, v] =
            [q, k, v].map(|[heads, length, size]| numbers::<T>(&[2, heads, length, size], (heads + size) as u64));
        let scores = numbers::<T>(&[2, heads, queries, keys], 9);
        for mask in masks([queries, keys]) {
            let with = words(&mask);
            let (known, given) = (mask.clone(), mask.clone());
            let run = move |maker: &Maker<E>, x: Vec<_>| On::<E, T>::masked_softmax(first(x), &given.of(maker));
            let expected = move |x: &[Sample<f64>]| expected::masked_softmax(&x[0].map(Near::relative), &known);
            cases.push(Case::new("masked_softmax", &with, [scores.clone()], run, expected));

            let (known, given) = (mask.clone(), mask.clone());
            let run =
                move |maker: &Maker<E>, x: Vec<_>| On::<E, T>::attention_weights(&x[0], &x[1], &given.of(maker), 0.5);
            let expected = move |x: &[Sample<f64>]| expected::weights(&x[0], &x[1], &known, 0.5);
            cases.push(Case::new("attention_weights", &with, [q.clone(), k.clone()], run, expected));

            let (known, given) = (mask.clone(), mask);
            let run =
                move |maker: &Maker<E>, x: Vec<_>| On::<E, T>::attention(&x[0], &x[1], &x[2], &given.of(maker), 0.5);
            let expected = move |x: &[Sample<f64>]| expected::attention([&x[0], &x[1], &x[2]], &known, 0.5);
            cases.push(Case::new("attention", &with, [q.clone(), k.clone(), v.clone()], run, expected));
        }
    }
    cases
}

fn words(mask: &Mask) -> String {
    let Mask { causal, window, first_query, lengths, allowed } = mask;
    let allowed = allowed.as_ref().map(|allowed| &allowed.sizes);
    format!("causal {causal}, window {window:?}, first query {first_query:?}, lengths {lengths:?}, allowed {allowed:?}")
}

/// What lies beyond the lengths, and scores that are masked, may be anything.
pub fn padding<E: Engine, T: Float>(report: &mut Report, device: &E::Device, tolerance: Tolerance) {
    let (queries, keys) = (3, 6);
    for (view, value) in [View::Whole, View::Permuted, View::Narrowed]
        .into_iter()
        .flat_map(|view| [f64::NAN, f64::INFINITY].map(|value| (view, value)))
    {
        let maker = Maker::<E> { view, device: device.clone() };
        let lengths = vec![4, 0];
        let padded = |sizes: &[usize], seed| {
            let x = numbers::<T>(sizes, seed);
            Sample::from_fn(sizes, |index| if index[2] < lengths[index[0]] { x.at(&index) } else { float(value) })
        };
        let [q, k, v] =
            [numbers::<T>(&[2, 4, queries, 3], 1), padded(&[2, 2, keys, 3], 2), padded(&[2, 2, keys, 5], 3)];
        let plain = [&q, &k, &v].map(|x| x.map(double));
        let arrays = [&q, &k, &v].map(|x| maker.array(x));
        for causal in [false, true] {
            let mask = Mask { causal, lengths: Some(lengths.clone()), ..Mask::default() };
            let of = format!("{} beyond lengths {lengths:?} of {} ({view}), causal {causal}", value, T::DATA_TYPE);
            report.check("attention", &of, || {
                let [q, k, v] = &arrays;
                let found = On::<E, T>::attention(q, k, v, &mask.of(&maker), 1.0);
                let expected = expected::attention(plain.each_ref(), &mask, 1.0);
                near::<E, T>(&found, &expected, tolerance.values, device)
            });
            report.check("attention_weights", &of, || {
                let found = On::<E, T>::attention_weights(&arrays[0], &arrays[1], &mask.of(&maker), 1.0);
                let expected = expected::weights(&plain[0], &plain[1], &mask, 1.0);
                near::<E, T>(&found, &expected, tolerance.values, device)
            });
        }
        for mask in masks([queries, keys]) {
            let scores = numbers::<T>(&[2, 2, queries, keys], 4);
            let scores = Sample::from_fn(&scores.sizes, |index| {
                let allowed = mask.allows([index[0], index[2], index[3]], [queries, keys]);
                if allowed { scores.at(&index) } else { float(value) }
            });
            let of = format!("{} where it is masked ({view}), {}", value, words(&mask));
            report.check("masked_softmax", of, || {
                let found = On::<E, T>::masked_softmax(maker.array(&scores), &mask.of(&maker));
                let expected = expected::masked_softmax(&scores.map(|x| Near::relative(double(x))), &mask);
                near::<E, T>(&found, &expected, tolerance.values, device)
            });
        }
    }
}
