//! Tests of attention over `bf16`: against its definition in `f64` over the same numbers, within what it is said to be off by.

use super::tests::{cast, inputs, naive_with};
use super::*;
use crate::backend::{AttentionMask, Backend};
use crate::cpu::Cpu;
use crate::cpu::testing::{assert_near, random};
use half::bf16;

/// Half a unit in the last place of 1, the most that a number is off by when it is rounded, relative to it.
const ROUNDING: f64 = 1.0 / 256.0;

#[test]
fn weights_and_results_are_rounded_once() {
    let mut rng = fastrand::Rng::with_seed(3);
    for case in 0..if cfg!(miri) { 2 } else { 150 } {
        let (batch, key_heads, group) = (rng.usize(1..3), rng.usize(1..3), rng.usize(1..4));
        let heads = key_heads * group;
        let queries = if cfg!(miri) { 3 + case } else { rng.usize(1..[6, 40, 90][case % 3]) };
        let keys = queries + if cfg!(miri) { 2 } else { rng.usize(0..[20, 200, 1200][case / 3 % 3]) };
        let (d, e) = if cfg!(miri) { (5, 18) } else { (rng.usize(1..70), rng.usize(1..100)) };
        // The numbers that are attended to: of 8 digits.
        let narrow = inputs([batch, heads, key_heads, queries, keys, d, e]).map(|x| cast::<bf16>(&x));
        let [q, k, v] = narrow.each_ref().map(Cpu::<bf16>::cast::<f64>);
        let (causal, lengths) = (rng.bool(), (0..batch).map(|_| rng.usize(0..keys + 1)).collect::<Vec<_>>());
        let valid = |b: usize, i: usize, j: usize| (!causal || j <= i + keys - queries) && j < lengths[b];
        let mask = AttentionMask { causal, lengths: Some(lengths.as_slice().into()), ..Default::default() };
        // Half of them with what is added to scores.
        let with_bias = case % 2 == 1;
        let bias = random::<f64>(&[heads, queries, keys], case as u64);
        let bias = bias.elements().iter().map(|x| if with_bias { *x } else { 0.0 }).collect();
        let bias = cast::<bf16>(&Array::from_vec(bias, &[1, heads, queries, keys]));
        let sinks: Vec<f64> = (0..heads).map(|head| head as f64 / 2.0 - 1.0).collect();
        let (cap, sinks) = ((with_bias && case % 3 == 0).then_some(0.8), with_bias.then_some(&sinks[..]));
        let wide_bias = Cpu::<bf16>::cast::<f64>(&bias);
        let expected = naive_with([&q, &k, &v], valid, cap, &wide_bias, sinks);
        let sizes =
            naive_with([&q, &k, &Cpu::<f64>::unary(crate::backend::Unary::Abs, v)], valid, cap, &wide_bias, sinks);
        let sinks = sinks.map(|sinks| cast::<bf16>(&Array::from_vec(sinks.to_vec(), &[heads])));
        let options =
            Options { soft_cap: cap, bias: with_bias.then_some(&bias), sinks: sinks.as_ref(), ..Options::scaled(0.3) };
        let [q, k, v] = &narrow;
        // As they lie, and with the numbers of a row far from one another.
        let far = |x: &Array<bf16>| x.permute(&[0, 3, 1, 2]).contiguous().permute(&[0, 2, 3, 1]);
        for (q, k, v) in [(q.clone(), k.clone(), v.clone()), (far(q), far(k), far(v))] {
            let found = attention(&q, &k, &v, &mask, options);
            for ((found, expected), size) in found.elements().iter().zip(&expected).zip(&sizes) {
                let (found, off) = (f64::from(found.to_f32()), ROUNDING * (size + expected.abs() * 1.01));
                // And what `f32` loses.
                assert!((found - expected).abs() <= off + 1e-5, "{found} for {expected}: case {case}");
            }
        }
    }
}

#[test]
fn scores_far_from_those_before_are_weighed_as_others() {
    let (queries, keys) = if cfg!(miri) { (5, 20) } else { (40, 1100) };
    let q: Vec<f64> = (0..queries).map(|query| query as f64 / 64.0 - 0.25).collect();
    let all_scores: [fn(usize) -> f64; 4] = [
        |key| (key / 8) as f64,
        |key| -((key / 8) as f64),
        |key| if key % 16 == 9 { 896.0 } else { 0.0 },
        |key| if key < 8 { -896.0 } else { (key % 7) as f64 },
    ];
    for score in all_scores {
        let v: Vec<f64> = (0..keys).map(|key| (key % 9) as f64 - 4.0).collect();
        let array = |x: Vec<f64>| cast::<bf16>(&Array::from_vec(x.clone(), &[1, 1, x.len(), 1]));
        let (q, k, v) = (array(q.clone()), array((0..keys).map(score).collect()), array(v));
        let [wide_q, wide_k, wide_v] = [&q, &k, &v].map(Cpu::<bf16>::cast::<f64>);
        let none = Array::full(0.0, &[1, 1, 1, 1]);
        let expected = naive_with([&wide_q, &wide_k, &wide_v], |_, _, _| true, None, &none, None);
        let found = attention(&q, &k, &v, &AttentionMask::default(), Options::scaled(0.3));
        // Values are up to 4.
        assert_near(&found, &expected, 8.0 * ROUNDING);
    }
}

#[test]
fn the_result_does_not_depend_on_how_the_work_is_shared() {
    let all_sizes = [[1, 2, 1, 150, 1150, 6, 3], [1, 1, 1, 61, 64, 4, 3]];
    for sizes in if cfg!(miri) { &[[1, 1, 1, 33, 33, 1, 1]][..] } else { &all_sizes } {
        let [q, k, v] = inputs(*sizes).map(|x| cast::<bf16>(&x));
        // The last value is read by the last query alone.
        let mut spoiled = v.elements().into_owned();
        *spoiled.last_mut().unwrap() = bf16::NAN;
        let spoiled = Array::from_vec(spoiled, v.sizes());
        for kind in if cfg!(miri) { 1..2 } else { 0..8 } {
            let (causal, window) = (kind & 1 == 1, (kind & 2 == 2).then_some(sizes[4] / 2 + 1));
            let v = if kind & 4 == 4 { &spoiled } else { &v };
            let mask = AttentionMask { causal, window, ..Default::default() };
            let inputs = Inputs::new(&q, &k, v, &mask, Options::scaled(0.3));
            let bits = |block_len| inputs.attend(block_len).elements().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            let whole = bits(MAX_QUERIES);
            for block_len in [MIN_QUERIES, 2 * MIN_QUERIES].into_iter().take(if cfg!(miri) { 1 } else { 2 }) {
                assert!(bits(block_len) == whole, "{sizes:?}, {mask:?}");
            }
        }
    }
}
