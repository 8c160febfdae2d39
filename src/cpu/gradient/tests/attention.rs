//! Attention, whatever its shapes and masks.

use super::*;
use crate::cpu::ops::key_mask::Mask;

fn some_mask(rng: &mut fastrand::Rng, [batch, heads, queries, keys]: [usize; 4]) -> Mask {
    let allowed = |rng: &mut fastrand::Rng, sizes: &[usize]| {
        Array::from_vec((0..sizes.iter().product()).map(|_| rng.u8(0..3) > 0).collect(), sizes)
    };
    AttentionMask {
        causal: rng.bool(),
        window: rng.bool().then(|| rng.usize(1..4)),
        first_query: rng.bool().then(|| (0..batch).map(|_| rng.usize(0..keys - queries + 1)).collect()),
        lengths: rng.bool().then(|| (0..batch).map(|_| rng.usize(0..keys + 1)).collect()),
        allowed: match rng.u8(0..4) {
            0 => Some(allowed(rng, &[queries, keys])),
            1 => Some(allowed(rng, &[batch, queries, keys])),
            2 => Some(allowed(rng, &[batch, heads, queries, keys])),
            _ => None,
        },
        ranks: None,
    }
}

#[test]
fn attention_of_random_shapes_and_masks() {
    let mut rng = fastrand::Rng::with_seed(1);
    for case in 0..60 {
        let (batch, key_heads, queries) = (rng.usize(1..3), rng.usize(1..3), rng.usize(1..5));
        let (heads, keys) = (key_heads * rng.usize(1..3), queries + rng.usize(0..3));
        let (d, e) = (rng.usize(1..4), rng.usize(1..4));
        let mask = some_mask(&mut rng, [batch, heads, queries, keys]);
        let inputs = [&[batch, heads, queries, d], &[batch, key_heads, keys, d], &[batch, key_heads, keys, e]];
        let inputs = inputs.map(|sizes| random(sizes, case));
        let name = format!("attention of {heads} by {key_heads} heads, {queries} by {keys}, {mask:?}");
        check(&name, &inputs, |x| Double::attention(&x[0], &x[1], &x[2], &mask, AttentionOptions::scaled(0.7)));
        check(&format!("weights of {name}"), &inputs[..2], |x| {
            Double::attention_weights(&x[0], &x[1], &mask, AttentionOptions::scaled(0.7))
        });
    }
}

/// A cap, and of a bias and sinks some or both.
fn added(x: &[Array<f64>], cap: Option<f64>, kind: u64) -> AttentionOptions<'_, Array<f64>> {
    let [bias, sinks] = x else { unreachable!("two") };
    let (bias, sinks) = ((kind != 1).then_some(bias), (kind != 0).then_some(sinks));
    AttentionOptions { soft_cap: cap, bias, sinks, ..AttentionOptions::scaled(0.7) }
}

#[test]
fn caps_biases_and_sinks_of_random_shapes() {
    let mut rng = fastrand::Rng::with_seed(3);
    for case in 0..60 {
        let (batch, key_heads, queries) = (rng.usize(1..4), rng.usize(1..3), rng.usize(1..5));
        let (heads, keys) = (key_heads * rng.usize(1..3), queries + rng.usize(0..3));
        let (d, e) = (rng.usize(1..4), rng.usize(1..4));
        let mask = some_mask(&mut rng, [batch, heads, queries, keys]);
        let mut size = |size: usize| if rng.bool() { size } else { 1 };
        let of_bias = [size(batch), size(heads), size(queries), size(keys)];
        // Without what is repeated in front.
        let of_bias =
            &of_bias[if case % 2 == 0 { of_bias.iter().position(|size| *size > 1).unwrap_or(4) } else { 0 }..];
        let cap = rng.bool().then_some(0.8);
        let inputs = [&[batch, heads, queries, d][..], &[batch, key_heads, keys, d], &[batch, key_heads, keys, e]];
        let inputs = inputs.map(|sizes| random(sizes, case));
        let bias_and_sinks = [random(of_bias, case + 100), random(&[heads], case + 200)];
        let name = format!("attention of {heads} by {key_heads} heads, {queries} by {keys}, cap {cap:?}, {mask:?}");
        let [q, k, v] = inputs;
        // What has no part in it has no gradient.
        let used = |x: &[Array<f64>], of: Array<f64>| {
            let of_others =
                x.iter().map(|x| Double::reduce(Reduce::Sum, &Double::reshape(x, &[x.sizes().iter().product()]), 0));
            of_others.fold(of, |sum, x| Double::binary(Binary::Add, sum, x))
        };
        let all = [vec![q.clone(), k.clone(), v], bias_and_sinks.to_vec()].concat();
        check(&name, &all, |x| {
            used(&x[3..], Double::attention(&x[0], &x[1], &x[2], &mask, added(&x[3..], cap, case % 3)))
        });
        let all = [vec![q, k], bias_and_sinks.to_vec()].concat();
        check(&format!("weights of {name}"), &all, |x| {
            used(&x[2..], Double::attention_weights(&x[0], &x[1], &mask, added(&x[2..], cap, case % 3)))
        });
    }
}

#[test]
fn attention_in_many_blocks_is_that_of_its_weights() {
    let (queries, keys) = (150, 180);
    let mut rng = fastrand::Rng::with_seed(2);
    for case in 0..4 {
        let mask =
            AttentionMask { window: (case & 1 == 1).then_some(90), ..some_mask(&mut rng, [1, 2, queries, keys]) };
        let inputs = [queries, keys, keys].map(|count| random::<f64>(&[1, 2, count, 3], case + count as u64));
        let fused =
            gradients(&inputs, &|x| Double::attention(&x[0], &x[1], &x[2], &mask, AttentionOptions::scaled(0.7)));
        let composed = gradients(&inputs, &|x| {
            let scores = Double::matmul(&x[0], &Double::permute(&x[1], &[0, 1, 3, 2]));
            let scores = Double::binary_scalar(Binary::Mul, scores, 0.7);
            Double::matmul(&Double::masked_softmax(scores, &mask), &x[2])
        });
        for (fused, composed) in fused.iter().zip(&composed) {
            crate::cpu::testing::assert_near(fused, &composed.elements(), 1e-12);
        }
    }
}

fn what_is_masked_has_no_part<T: Float>(by_weights: bool, tolerance: f64) {
    let inputs = [4, 4, 4].map(|count| random::<T>(&[2, 2, count, 3], count as u64));
    // The last two positions of the first sequence are padding, all of the second one is.
    let mask = AttentionMask { causal: true, lengths: Some([2, 0].into()), ..AttentionMask::default() };
    let spoil = |x: &Array<T>, value: f64| {
        let value = T::from_value(Value::Float(value));
        let padding = |at: usize| at / 24 == 1 || at / 3 % 4 >= 2;
        let spoiled = x.elements().iter().enumerate().map(|(at, &x)| if padding(at) { value } else { x }).collect();
        Array::from_vec(spoiled, x.sizes())
    };
    let attend = |x: &[Array<T>]| {
        let y = match by_weights {
            false => Cpu::<T>::attention(&x[0], &x[1], &x[2], &mask, AttentionOptions::scaled(0.7)),
            // A product of weights has a part in what it is multiplied by, masked or not.
            true => {
                let weights = Cpu::<T>::attention_weights(&x[0], &x[1], &mask, AttentionOptions::scaled(0.7));
                Cpu::<T>::matmul(&weights, &random(&[2, 2, 4, 3], 5))
            }
        };
        // Results of padding are not used.
        let valid: Vec<bool> = (0..48).map(|at| at / 24 == 0 && at / 3 % 4 < 2).collect();
        let zeros = Array::full(T::zero(), y.sizes());
        Cpu::<T>::select(&Array::from_vec(valid, y.sizes()), &y, &zeros)
    };
    let expected = gradients(&inputs, &attend);
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let spoiled = inputs.each_ref().map(|x| spoil(x, value));
        for (found, expected) in gradients(&spoiled, &attend).iter().zip(&expected) {
            let expected: Vec<f64> = expected.elements().iter().map(|x| x.to_f64().unwrap()).collect();
            crate::cpu::testing::assert_near(found, &expected, tolerance);
            assert!(found.elements()[24..].iter().all(|x| *x == T::zero()), "an empty sequence");
        }
    }
}

#[test]
fn what_is_masked_has_no_part_in_gradients() {
    for by_weights in [false, true] {
        what_is_masked_has_no_part::<f64>(by_weights, 1e-12);
        what_is_masked_has_no_part::<f32>(by_weights, 1e-6);
    }
}
