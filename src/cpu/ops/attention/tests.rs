//! Tests of attention: against its definition, under every mask.

use super::super::key_mask::Mask;
use super::*;
use crate::backend::AttentionMask;
use crate::backend::Value;
use crate::cpu::testing::{assert_near, random};
use half::{bf16, f16};

/// Each weight and each value by its definition.
fn naive(q: &Array<f64>, k: &Array<f64>, v: &Array<f64>, valid: impl Fn(usize, usize, usize) -> bool) -> Vec<f64> {
    let (&[batch, heads, queries, d], &[_, key_heads, keys, e]) = (q.sizes(), v.sizes()) else { panic!() };
    let (q, k, v) = (q.elements(), k.elements(), v.elements());
    let mut out = Vec::new();
    for (b, h, i) in (0..batch * heads * queries).map(|at| (at / queries / heads, at / queries % heads, at % queries)) {
        let key_head = b * key_heads + h * key_heads / heads;
        let score = |j: usize| -> f64 {
            let pairs = (0..d).map(|l| q[((b * heads + h) * queries + i) * d + l] * k[(key_head * keys + j) * d + l]);
            (pairs.sum::<f64>() * 0.3).exp()
        };
        let valid: Vec<usize> = (0..keys).filter(|&j| valid(b, i, j)).collect();
        let total: f64 = valid.iter().map(|&j| score(j)).sum();
        out.extend(
            (0..e).map(|l| valid.iter().map(|&j| score(j) / total * v[(key_head * keys + j) * e + l]).sum::<f64>()),
        );
    }
    out
}

pub fn inputs(sizes: [usize; 7]) -> [Array<f64>; 3] {
    let [batch, heads, key_heads, queries, keys, d, e] = sizes;
    [
        random(&[batch, heads, queries, d], 1),
        random(&[batch, key_heads, keys, d], 2),
        random(&[batch, key_heads, keys, e], 3),
    ]
}

const SIZES: [[usize; 7]; 9] = [
    [2, 3, 3, 5, 5, 4, 6],
    [1, 4, 2, 3, 7, 5, 5],
    [2, 2, 1, 1, 1, 3, 2],
    [1, 1, 1, 70, 75, 3, 2],
    [1, 2, 1, 33, 600, 17, 33],
    [1, 1, 1, 20, 20, 64, 64],
    [0, 2, 2, 3, 3, 2, 2],
    [2, 1, 1, 0, 4, 2, 2],
    [2, 2, 2, 3, 3, 2, 0],
];

#[test]
fn attention_agrees_with_its_definition_under_every_mask() {
    for sizes in SIZES.into_iter().filter(|sizes| !cfg!(miri) || sizes[3] < 3) {
        let [batch, _, _, queries, keys, _, _] = sizes;
        let [q, k, v] = inputs(sizes);
        let lengths: Vec<usize> = (0..batch).map(|b| if b == 0 { keys } else { keys / 3 }).collect();
        let allowed = random::<f64>(&[batch, queries, keys], 4);
        let allowed = Array::from_vec(allowed.elements().iter().map(|&x| x > -0.5).collect(), allowed.sizes());
        let one = allowed.elements().get(..queries * keys).map_or(vec![], <[bool]>::to_vec);
        // The queries of each sequence are at places of their own.
        let first_query: Vec<usize> = (0..batch).map(|b| (keys - queries) / (b + 1)).collect();
        for choice in (0..48).step_by(if cfg!(miri) { 7 } else { 1 }) {
            let (causal, padded) = (choice & 1 == 1, choice & 2 == 2);
            let (window, placed, kind) = ((choice & 4 == 4).then_some(3), choice & 8 == 8, choice >> 4);
            if kind == 2 && one.len() != queries * keys {
                continue;
            }
            let given = match kind {
                1 => Some(allowed.clone()),
                2 => Some(Array::from_vec(one.clone(), &[queries, keys])),
                _ => None,
            };
            let mask = AttentionMask {
                causal,
                window,
                first_query: placed.then(|| first_query.as_slice().into()),
                lengths: padded.then(|| lengths.as_slice().into()),
                allowed: given,
                ranks: None,
            };
            let expected = naive(&q, &k, &v, |b, i, j| {
                let own = i + if placed { first_query[b] } else { keys - queries };
                (!causal || j <= own)
                    && window.is_none_or(|window| j + window > own)
                    && (!padded || j < lengths[b])
                    && match kind {
                        1 => allowed.elements()[(b * queries + i) * keys + j],
                        2 => one[i * keys + j],
                        _ => true,
                    }
            });
            let found = attention(&q, &k, &v, &mask, Options::scaled(0.3));
            assert_near(&found, &expected, 1e-12);
            let single = cast::<f32>;
            assert_near(
                &attention(&single(&q), &single(&k), &single(&v), &mask, Options::scaled(0.3)),
                &expected,
                1e-5,
            );
            // As views: heads of one array, and columns that do not lie together.
            for order in [[0, 2, 1, 3], [0, 1, 3, 2]] {
                let [q, k, v] = [&q, &k, &v].map(|x| x.permute(&order).contiguous().permute(&order));
                assert_near(&attention(&q, &k, &v, &mask, Options::scaled(0.3)), &expected, 1e-12);
                assert_near(
                    &attention(&single(&q), &single(&k), &single(&v), &mask, Options::scaled(0.3)),
                    &expected,
                    1e-5,
                );
            }
        }
    }
}

#[test]
fn repeated_queries_keys_and_values_are_as_many_copies() {
    let [q, k, v] = inputs([1, 2, 2, 1, 1, 3, 4]).map(|x| cast::<f32>(&x));
    for keys in if cfg!(miri) { 2..3 } else { 1..40 } {
        let repeat = |x: &Array<f32>, count: usize| {
            let [batch, heads, _, d] = x.sizes() else { panic!() };
            x.broadcast(&[*batch, *heads, count, *d])
        };
        let [many_q, many_k, many_v] = [repeat(&q, 35), repeat(&k, keys), repeat(&v, keys)];
        let found = attention(&many_q, &many_k, &many_v, &AttentionMask::default(), Options::scaled(1.0));
        let expected: Vec<f64> = repeat(&v, 35).elements().iter().map(|&x| x as f64).collect();
        assert_near(&found, &expected, 1e-6);
    }
}

/// The same numbers in another type, in the same places.
pub fn cast<T: Float>(x: &Array<f64>) -> Array<T> {
    let mut order: Vec<usize> = (0..x.sizes().len()).collect();
    order.sort_by_key(|&axis| std::cmp::Reverse(x.layout().strides()[axis]));
    let mut back = vec![0; order.len()];
    order.iter().enumerate().for_each(|(to, &axis)| back[axis] = to);
    let stored = x.permute(&order);
    let elements = stored.elements().iter().map(|&x| T::from_value(Value::Float(x))).collect();
    Array::from_vec(elements, stored.sizes()).permute(&back)
}

#[test]
fn every_number_of_queries_and_keys_agrees_with_the_definition() {
    let mut rng = fastrand::Rng::with_seed(1);
    for case in 0..if cfg!(miri) { 2 } else { 150 } {
        let key_heads = rng.usize(1..3);
        let heads = key_heads * rng.usize(1..4);
        let (batch, past) = (rng.usize(1..3), rng.usize(0..90));
        let queries = if cfg!(miri) { 3 + 3 * case } else { rng.usize(1..41) };
        let keys = if cfg!(miri) { queries } else { queries + past };
        let (d, e) = if cfg!(miri) { (5, 18) } else { (rng.usize(1..70), rng.usize(1..70)) };
        let [q, k, v] = inputs([batch, heads, key_heads, queries, keys, d, e]);
        let causal = rng.bool();
        let lengths: Vec<usize> = (0..batch).map(|_| rng.usize(0..keys + 1)).collect();
        let mask = AttentionMask { causal, lengths: Some(lengths.as_slice().into()), ..Default::default() };
        let expected = naive(&q, &k, &v, |b, i, j| (!causal || j <= i + keys - queries) && j < lengths[b]);
        assert_near(
            &attention(&cast::<f32>(&q), &cast::<f32>(&k), &cast::<f32>(&v), &mask, Options::scaled(0.3)),
            &expected,
            2e-5,
        );
        // Of the inputs a narrow number keeps 11 or 8 digits.
        let [q, k, v] = [q, k, v].map(|x| x.permute(&[0, 2, 1, 3]).contiguous().permute(&[0, 2, 1, 3]));
        assert_near(&attention(&cast::<f16>(&q), &cast(&k), &cast(&v), &mask, Options::scaled(0.3)), &expected, 0.05);
        assert_near(&attention(&cast::<bf16>(&q), &cast(&k), &cast(&v), &mask, Options::scaled(0.3)), &expected, 0.4);
    }
}

#[test]
fn the_result_does_not_depend_on_how_the_work_is_shared() {
    let all_sizes = [[1, 2, 1, 150, 1150, 6, 3], [1, 1, 1, 61, 64, 4, 3]];
    for sizes in if cfg!(miri) { &[[1, 1, 1, 33, 33, 1, 1]][..] } else { &all_sizes } {
        let [q, k, v] = inputs(*sizes).map(|x| cast::<f32>(&x));
        for kind in if cfg!(miri) { 1..2 } else { 0..4 } {
            let (causal, window) = (kind & 1 == 1, (kind & 2 == 2).then_some(sizes[4] / 2 + 1));
            let mask = AttentionMask { causal, window, ..Default::default() };
            let inputs = Inputs::new(&q, &k, &v, &mask, Options::scaled(0.3));
            let whole = inputs.attend(MAX_QUERIES);
            for block_len in [MIN_QUERIES, 2 * MIN_QUERIES].into_iter().take(if cfg!(miri) { 1 } else { 2 }) {
                assert_eq!(inputs.attend(block_len).elements(), whole.elements(), "{sizes:?}, {mask:?}");
            }
        }
    }
}

#[test]
fn merging_the_heads_of_the_result_copies_nothing() {
    let [q, k, v] = inputs([2, 3, 3, 5, 5, 4, 6]).map(|x| cast::<f32>(&x));
    let found = attention(&q, &k, &v, &AttentionMask::default(), Options::scaled(1.0));
    let merged = found.permute(&[0, 2, 1, 3]).reshape(&[2, 5, 18]);
    assert_eq!(merged.as_slice().unwrap().as_ptr(), found.buffer().as_ptr());
}

fn masked_numbers_stay_out<T: Float>(tolerance: f64) {
    // As many queries as pairs are multiplied for.
    let [q, k, v] = inputs([1, 2, 1, 3, 3, 2, 2]);
    let spoil = |x: &Array<f64>| {
        let mut elements = x.elements().into_owned();
        elements[4..].fill(f64::NAN);
        cast::<T>(&Array::from_vec(elements, x.sizes()))
    };
    let (bad_k, bad_v) = (spoil(&k), spoil(&v));
    let allowed = Array::from_vec([true, true, false].repeat(3), &[3, 3]);
    for mask in [
        AttentionMask { lengths: Some([2].into()), ..Default::default() },
        AttentionMask { allowed: Some(allowed), ..Default::default() },
    ] {
        let expected = attention(&q, &k, &v, &mask, Options::scaled(1.0));
        assert_near(
            &attention(&cast::<T>(&q), &bad_k, &bad_v, &mask, Options::scaled(1.0)),
            &expected.elements(),
            tolerance,
        );
    }
    let causal = AttentionMask { causal: true, ..Default::default() };
    let found = attention(&cast::<T>(&q), &bad_k, &bad_v, &causal, Options::scaled(1.0));
    let found: Vec<f64> = found.elements().iter().map(|x| x.to_f64().unwrap()).collect();
    assert!(found[..4].iter().all(|x| x.is_finite()) && found[4].is_nan());
}

#[test]
fn what_is_masked_never_reaches_the_result() {
    masked_numbers_stay_out::<f64>(1e-5);
    masked_numbers_stay_out::<f32>(1e-5);
    // Inputs of 8 digits.
    masked_numbers_stay_out::<bf16>(0.1);
}

#[test]
#[cfg_attr(miri, ignore)] // The bits of NaN are chance there.
fn what_is_not_finite_does_not_depend_on_the_parts() {
    let queries = 300;
    let [q, k, v] = inputs([1, 1, 1, queries, queries, 3, 2]).map(|x| cast::<f32>(&x));
    let mut spoiled = v.elements().into_owned();
    spoiled[2 * (queries - 1)] = f32::NAN;
    let v = Array::from_vec(spoiled, v.sizes());
    let mask = AttentionMask { causal: true, ..Default::default() };
    let found = [32, 64, 256].map(|block_len| {
        let out = Inputs::new(&q, &k, &v, &mask, Options::scaled(1.0)).attend(block_len);
        out.elements().iter().map(|x| x.to_bits()).collect::<Vec<_>>()
    });
    assert!(found[0] == found[1] && found[0] == found[2]);
}

fn nothing_gives_zeros<T: Float>() {
    let zeros = |q: &Array<f64>, k: &Array<f64>, v: &Array<f64>, mask: &Mask| {
        let found = attention(&cast::<T>(q), &cast::<T>(k), &cast::<T>(v), mask, Options::scaled(1.0));
        found.elements().iter().map(|&x| x == T::zero()).collect::<Vec<_>>()
    };
    let [q, k, v] = inputs([2, 1, 1, 2, 2, 2, 2]);
    let mask = AttentionMask { lengths: Some([0, 1].into()), ..Default::default() };
    assert_eq!(zeros(&q, &k, &v, &mask), [[true; 4], [false; 4]].concat());
    let none = Array::full(false, &[2, 2, 2]);
    let mask = AttentionMask { allowed: Some(none), ..Default::default() };
    assert_eq!(zeros(&q, &k, &v, &mask), [true; 8]);
    // One query of a block with nothing, beside one with something.
    let some = Array::from_vec(vec![false, false, true, true], &[2, 2]);
    let mask = AttentionMask { allowed: Some(some), ..Default::default() };
    assert_eq!(zeros(&q, &k, &v, &mask), [true, true, false, false].repeat(2));
    let [q, k, v] = inputs([2, 1, 1, 2, 0, 2, 2]);
    assert_eq!(zeros(&q, &k, &v, &AttentionMask::default()), [true; 8]);
}

#[test]
fn nothing_to_attend_to_gives_zeros() {
    nothing_gives_zeros::<f64>();
    nothing_gives_zeros::<f32>();
    nothing_gives_zeros::<bf16>();
}

/// By its definition, with what the options say.
pub fn naive_with(
    [q, k, v]: [&Array<f64>; 3],
    valid: impl Fn(usize, usize, usize) -> bool,
    cap: Option<f64>,
    bias: &Array<f64>,
    sinks: Option<&[f64]>,
) -> Vec<f64> {
    let (&[batch, heads, queries, d], &[_, key_heads, keys, e]) = (q.sizes(), v.sizes()) else { panic!() };
    let bias = bias.broadcast(&[batch, heads, queries, keys]);
    let (q, k, v, bias) = (q.elements(), k.elements(), v.elements(), bias.elements());
    let mut out = Vec::new();
    for row in 0..batch * heads * queries {
        let (b, h, i) = (row / queries / heads, row / queries % heads, row % queries);
        let key_head = b * key_heads + h * key_heads / heads;
        let score = |j: usize| {
            let x: f64 = (0..d).map(|l| q[row * d + l] * k[(key_head * keys + j) * d + l]).sum::<f64>() * 0.3;
            cap.map_or(x, |cap| cap * (x / cap).tanh()) + bias[row * keys + j]
        };
        let is_valid = |j: &usize| valid(b, i, *j) && bias[row * keys + j] != f64::NEG_INFINITY;
        let weights: Vec<_> = (0..keys).filter(is_valid).map(|j| (j, score(j).exp())).collect();
        let total = weights.iter().map(|(_, weight)| weight).sum::<f64>() + sinks.map_or(0.0, |sinks| sinks[h].exp());
        let value = |j: usize, l: usize| v[(key_head * keys + j) * e + l];
        out.extend((0..e).map(|l| weights.iter().map(|(j, weight)| weight / total * value(*j, l)).sum::<f64>()));
    }
    out
}

#[test]
fn caps_biases_and_sinks_agree_with_their_definition() {
    let mut rng = fastrand::Rng::with_seed(5);
    for case in 0..if cfg!(miri) { 3 } else { 200 } {
        let (batch, key_heads, group) = (rng.usize(1..3), rng.usize(1..3), rng.usize(1..4));
        let (heads, few) = (key_heads * group, case % 3 > 0);
        let queries = if cfg!(miri) { 3 + case } else { rng.usize(1..if few { 40 } else { 90 }) };
        let keys = queries + if cfg!(miri) { 2 } else { rng.usize(0..if few { 24 } else { 700 }) };
        let (d, e) =
            if cfg!(miri) { (4, 5) } else { ([4 * rng.usize(1..9), rng.usize(1..30)][case % 2], rng.usize(1..40)) };
        let [q, k, v] = inputs([batch, heads, key_heads, queries, keys, d, e]);
        let (causal, lengths) = (rng.bool(), (0..batch).map(|_| rng.usize(0..keys + 1)).collect::<Vec<_>>());
        let valid = |b: usize, i: usize, j: usize| (!causal || j <= i + keys - queries) && j < lengths[b];
        let mut size = |size: usize| if rng.bool() { size } else { 1 };
        let sizes = [size(batch), size(heads), size(queries), size(keys)];
        let (forbids, poisons) = (rng.bool(), rng.u8(0..4) == 0);
        let mut bias = random::<f64>(&sizes, case as u64).elements().into_owned();
        bias.iter_mut().filter(|_| forbids && rng.u8(0..3) == 0).for_each(|x| *x = f64::NEG_INFINITY);
        let bias = Array::from_vec(bias, &sizes);
        let sinks: Vec<f64> = (0..heads).map(|_| rng.f64() * 8.0 - 4.0).collect();
        let (cap, sinks) = (rng.bool().then_some(0.8), rng.bool().then_some(&sinks[..]));
        let mask = AttentionMask { causal, lengths: Some(lengths.as_slice().into()), ..Default::default() };
        let expected = naive_with([&q, &k, &v], valid, cap, &bias, sinks);
        // What lies beyond the lengths stays out.
        let spoil = |x: &Array<f64>| {
            let (&[_, heads, keys, size], mut elements) = (x.sizes(), x.elements().into_owned()) else { panic!() };
            for (at, x) in elements.iter_mut().enumerate() {
                if poisons && at / size % keys >= lengths[at / size / keys / heads] {
                    *x = f64::NAN;
                }
            }
            Array::from_vec(elements, &[batch, heads, keys, size])
        };
        let (k, v) = (spoil(&k), spoil(&v));
        fn check<T: Float>(
            [q, k, v, bias]: [&Array<f64>; 4],
            sinks: Option<&[f64]>,
            mask: &Mask,
            cap: Option<f64>,
            expected: &[f64],
            tolerance: f64,
        ) {
            let sinks = sinks.map(|sinks| cast::<T>(&Array::from_vec(sinks.to_vec(), &[sinks.len()])));
            let [q, k, v] = [q, k, v].map(cast::<T>);
            // As it is, and with its keys far from one another.
            for order in [[0, 1, 2, 3], [0, 3, 2, 1]] {
                let bias = cast::<T>(&bias.permute(&order).contiguous().permute(&order));
                let options =
                    Options { soft_cap: cap, bias: Some(&bias), sinks: sinks.as_ref(), ..Options::scaled(0.3) };
                assert_near(&attention(&q, &k, &v, mask, options), expected, tolerance);
            }
        }
        let arrays = [&q, &k, &v, &bias];
        check::<f64>(arrays, sinks, &mask, cap, &expected, 1e-12);
        check::<f32>(arrays, sinks, &mask, cap, &expected, 2e-5);
        // Of the inputs a narrow number keeps 11 digits, and of a score of up to 4 so many.
        check::<f16>(arrays, sinks, &mask, cap, &expected, 0.06);
    }
}
