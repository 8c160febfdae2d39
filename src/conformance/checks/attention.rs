//! Attention and its softmax, under every kind of mask.

use super::elementwise::first;
use crate::Rng;
use crate::backend::{AttentionOptions, Backend, Engine, Float};
use crate::conformance::case::{Case, float};
use crate::conformance::on::On;
use crate::conformance::reference::Near;
use crate::conformance::reference::attention::{self as expected, Mask, Options};
use crate::conformance::report::{Report, near};
use crate::conformance::sample::{Sample, double, numbers};
use crate::conformance::tolerance::Tolerance;
use crate::conformance::view::{Maker, View};

/// Masks of two sequences with so many heads, and so many queries and keys, of which there are no fewer.
fn masks([heads, queries, keys]: [usize; 3]) -> Vec<Mask> {
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
        Mask { allowed: allowed(&[2, heads, queries, keys]), ..none() },
        Mask { window: Some(3), allowed: allowed(&[1, heads, queries, keys]), ..none() },
        Mask { lengths: Some(vec![keys / 2, keys]), allowed: allowed(&[1, heads, queries, keys]), ..none() },
        Mask { causal: true, allowed: allowed(&[2, 1, queries, keys]), ..none() },
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

/// What may be asked for beside a mask, of two sequences with so many heads, queries and keys.
fn options([heads, queries, keys]: [usize; 3]) -> Vec<Options> {
    let none = || Options::scaled(0.5);
    let bias = |sizes: &[usize]| Options { bias: Some(sizes.to_vec()), ..none() };
    vec![
        bias(&[heads, queries, keys]),
        Options { soft_cap: Some(0.75), ..none() },
        bias(&[2, heads, queries, keys]),
        Options { sinks: true, ..none() },
        bias(&[queries, keys]),
        Options { factors: true, ..none() },
        bias(&[2, 1, queries, keys]),
        Options { soft_cap: Some(1.5), ..bias(&[heads, queries, keys]) },
        bias(&[1, heads, 1, keys]),
        Options { sinks: true, ..bias(&[1, heads, queries, keys]) },
        bias(&[heads, queries, 1]),
        Options { soft_cap: Some(2.0), sinks: true, factors: true, ..bias(&[2, heads, queries, keys]) },
        Options { soft_cap: Some(0.5), sinks: true, ..none() },
    ]
}

/// Queries, keys and values of two sequences.
fn inputs<T: Float>([heads, key_heads, queries, keys, d, e]: [usize; 6]) -> Vec<Sample<T>> {
    let sizes = [[heads, queries, d], [key_heads, keys, d], [key_heads, keys, e]];
    let input = |[heads, length, size]: [usize; 3]| numbers(&[2, heads, length, size], (heads + size) as u64);
    sizes.map(input).into()
}

/// Attention and its weights.
fn attend<E: Engine, T: Float>(
    inputs: &[Sample<T>],
    arrays: &[Sample<T>],
    mask: &Mask,
    options: &Options,
) -> [Case<E, T>; 2] {
    let with = format!("{}, {options:?}", words(mask));
    let known = || (mask.clone(), options.clone());
    let ((mask, options), (its_mask, its_options)) = (known(), known());
    let weights = Case::new(
        "attention_weights",
        &with,
        [&inputs[..2], arrays].concat(),
        move |maker: &Maker<E>, x| On::<E, T>::attention_weights(&x[0], &x[1], &mask.of(maker), options.with(&x[2..])),
        move |x| expected::weights([&x[0], &x[1]], &its_mask, its_options.with(&x[2..])),
    );
    let ((mask, options), (its_mask, its_options)) = (known(), known());
    let results = Case::new(
        "attention",
        &with,
        [inputs, arrays].concat(),
        move |maker: &Maker<E>, x| On::<E, T>::attention(&x[0], &x[1], &x[2], &mask.of(maker), options.with(&x[3..])),
        move |x| expected::attention([&x[0], &x[1], &x[2]], &its_mask, its_options.with(&x[3..])),
    );
    [weights, results]
}

pub fn cases<E: Engine, T: Float>() -> Vec<Case<E, T>> {
    let mut cases = Vec::new();
    let mut number: usize = 0;
    for sizes in SIZES {
        let [heads, _, queries, keys, _, _] = sizes;
        let (inputs, scores) = (inputs::<T>(sizes), numbers::<T>(&[2, heads, queries, keys], 9));
        let options = options([heads, queries, keys]);
        for mask in masks([heads, queries, keys]) {
            let (known, given) = (mask.clone(), mask.clone());
            let run = move |maker: &Maker<E>, x: Vec<_>| On::<E, T>::masked_softmax(first(x), &given.of(maker));
            let expected = move |x: &[Sample<f64>]| expected::masked_softmax(&x[0].map(Near::relative), &known);
            cases.push(Case::new("masked_softmax", words(&mask), [scores.clone()], run, expected));

            cases.extend(attend(&inputs, &[], &mask, &Options::scaled(0.5)));
            // Each with some masks: all with all would take long.
            number += 1;
            if !number.is_multiple_of(3) {
                continue;
            }
            let options = &options[number / 3 % options.len()];
            let sizes = [options.bias.clone(), options.sinks.then(|| vec![heads])];
            let sizes = sizes.into_iter().chain([options.factors.then(|| scores.sizes.clone())]).flatten();
            let arrays: Vec<_> = sizes.zip(20..).map(|(sizes, seed)| numbers::<T>(&sizes, seed)).collect();
            cases.extend(attend(&inputs, &arrays, &mask, options));
        }
    }
    cases.extend(forbidden());
    cases
}

/// A bias of minus infinity is a mask: here of all keys of the first query, and of some of the others.
fn forbidden<E: Engine, T: Float>() -> Vec<Case<E, T>> {
    let mut cases = Vec::new();
    for sizes in [[2, 1, 3, 5, 4, 4], [4, 2, 1, 3, 4, 2], [1, 1, 40, 70, 4, 3]] {
        let [heads, _, queries, keys, _, _] = sizes;
        let bias = numbers::<T>(&[heads, queries, keys], 5);
        let bias = Sample::from_fn(&bias.sizes, |at| {
            let is_forbidden = at[1] == 0 || (at[1] + at[2]).is_multiple_of(3);
            if is_forbidden { float(f64::NEG_INFINITY) } else { bias.at(&at) }
        });
        for sinks in [false, true] {
            let options = Options { bias: Some(bias.sizes.clone()), sinks, ..Options::scaled(0.5) };
            let arrays = [vec![bias.clone()], vec![numbers(&[heads], 6); usize::from(sinks)]].concat();
            for mask in [Mask::default(), Mask { causal: true, ..Mask::default() }] {
                cases.extend(attend(&inputs(sizes), &arrays, &mask, &options));
            }
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
        let finite = [&q, &k, &v].map(|x| x.map(|x| if double(x).is_finite() { x } else { T::zero() }));
        let arrays = [&q, &k, &v].map(|x| maker.array(x));
        for causal in [false, true] {
            let mask = Mask { causal, lengths: Some(lengths.clone()), ..Mask::default() };
            let of = format!("{} beyond lengths {lengths:?} of {} ({view}), causal {causal}", value, T::DATA_TYPE);
            report.check("attention", &of, || {
                let [q, k, v] = &arrays;
                let found = On::<E, T>::attention(q, k, v, &mask.of(&maker), AttentionOptions::scaled(1.0));
                let expected = expected::attention(plain.each_ref(), &mask, AttentionOptions::scaled(1.0));
                near::<E, T>(&found, &expected, tolerance.values, device)
            });
            report.check("attention_weights", &of, || {
                let found = On::<E, T>::attention_weights(
                    &arrays[0],
                    &arrays[1],
                    &mask.of(&maker),
                    AttentionOptions::scaled(1.0),
                );
                let expected = expected::weights([&plain[0], &plain[1]], &mask, AttentionOptions::scaled(1.0));
                near::<E, T>(&found, &expected, tolerance.values, device)
            });
        }
        for mask in masks([4, queries, keys]) {
            let bias = numbers::<T>(&[2, 4, queries, keys], 7);
            let bias = Sample::from_fn(&bias.sizes, |index| {
                let allowed = mask.allows([index[0], index[1], index[2], index[3]], [queries, keys]);
                if allowed { bias.at(&index) } else { float(value) }
            });
            let of = format!("a bias {} where it is masked ({view}), {}", value, words(&mask));
            report.check("attention", of, || {
                let [q, k, v, added] = [&finite[0], &finite[1], &finite[2], &bias].map(|x| maker.array(x));
                let options = AttentionOptions { bias: Some(&added), ..AttentionOptions::scaled(0.5) };
                let found = On::<E, T>::attention(&q, &k, &v, &mask.of(&maker), options);
                let bias = bias.map(double);
                let options = AttentionOptions { bias: Some(&bias), ..AttentionOptions::scaled(0.5) };
                let expected = expected::attention(finite.each_ref().map(|x| x.map(double)).each_ref(), &mask, options);
                near::<E, T>(&found, &expected, tolerance.values, device)
            });
        }
        for mask in masks([2, queries, keys]) {
            let scores = numbers::<T>(&[2, 2, queries, keys], 4);
            let scores = Sample::from_fn(&scores.sizes, |index| {
                let allowed = mask.allows([index[0], index[1], index[2], index[3]], [queries, keys]);
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
