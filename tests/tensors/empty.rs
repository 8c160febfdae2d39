//! What holds nothing: batches, sequences, heads and axes of no elements. Nothing panics, and no number appears.

use congruent::backend::{
    ArrayOf, AttentionMask, AttentionOptions, Autodiff, Backend, Binary, Compare, Epilogue, Reduce, RotaryLayout, Unary,
};
use congruent::cpu::Device;
use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch; Heads; HeadDim; Positions; Seq; Chosen; }

type F = Cpu<f32>;

fn ones(sizes: &[usize]) -> ArrayOf<F> {
    F::filled(1.0, sizes, &Device)
}

/// All lists of so many sizes, each of them none or some.
fn all_sizes<const RANK: usize>() -> impl Iterator<Item = [usize; RANK]> {
    (0..1 << RANK).map(|bits: usize| std::array::from_fn(|axis| if bits >> axis & 1 == 1 { 3 } else { 0 }))
}

/// The sizes of the result, when it has been gone back through too.
fn sizes(inputs: &[&[usize]], f: impl Fn(&[ArrayOf<F>]) -> ArrayOf<F>) -> Vec<usize> {
    let inputs: Vec<_> = inputs.iter().map(|sizes| F::track(ones(sizes))).collect();
    let result = f(&inputs);
    let sizes = F::sizes(&result).to_vec();
    let elements = F::to_vec(&result).unwrap();
    assert_eq!(elements.len(), sizes.iter().product::<usize>());
    let mut loss = result;
    while !F::sizes(&loss).is_empty() {
        loss = F::reduce(Reduce::Sum, &loss, 0);
    }
    let gradients = F::backward(loss);
    for x in &inputs {
        if let Some(gradient) = F::gradient(&gradients, x) {
            assert_eq!(
                (F::sizes(&gradient), F::to_vec(&gradient).unwrap().len()),
                (F::sizes(x), F::to_vec(x).unwrap().len())
            );
        }
    }
    sizes
}

#[test]
fn attention_of_nothing_is_nothing_or_zero() {
    for [b, h, g, q, past, d, e] in all_sizes::<7>() {
        let (keys, heads) = (q + past, h * g);
        let allowed = Cpu::<bool>::from_elements(vec![true; q * keys], &[q, keys], &Device);
        let masks = [
            AttentionMask::default(),
            AttentionMask { causal: true, ..AttentionMask::default() },
            AttentionMask { causal: true, window: Some(2), ..AttentionMask::default() },
            AttentionMask { lengths: Some(vec![0; b].into()), ..AttentionMask::default() },
            AttentionMask { first_query: Some(vec![0; b].into()), causal: true, ..AttentionMask::default() },
            AttentionMask { allowed: Some(allowed), ..AttentionMask::default() },
        ];
        for mask in masks {
            let [q_sizes, k_sizes, v_sizes] = [[b, heads, q, d], [b, h, keys, d], [b, h, keys, e]];
            let found = sizes(&[&q_sizes, &k_sizes, &v_sizes], |x| {
                F::attention(&x[0], &x[1], &x[2], &mask, AttentionOptions::scaled(1.0))
            });
            assert_eq!(found, [b, heads, q, e]);
            let found = sizes(&[&q_sizes, &k_sizes], |x| {
                F::attention_weights(&x[0], &x[1], &mask, AttentionOptions::scaled(1.0))
            });
            assert_eq!(found, [b, heads, q, keys]);
            let found = sizes(&[&[b, heads, q, keys]], |x| F::masked_softmax(x[0].clone(), &mask));
            assert_eq!(found, [b, heads, q, keys]);
            for bias in [&[b, heads, q, keys][..], &[heads, q, keys], &[1, 1, keys]] {
                let found = sizes(&[&q_sizes, &k_sizes, &v_sizes, bias, &[heads]], |x| {
                    let options =
                        AttentionOptions { bias: Some(&x[3]), sinks: Some(&x[4]), ..AttentionOptions::scaled(1.0) };
                    F::attention(&x[0], &x[1], &x[2], &mask, options)
                });
                assert_eq!(found, [b, heads, q, e]);
            }
        }
    }
    // No key at all: zeros.
    let y = F::attention(
        &ones(&[1, 1, 2, 3]),
        &ones(&[1, 1, 0, 3]),
        &ones(&[1, 1, 0, 2]),
        &AttentionMask::default(),
        AttentionOptions::scaled(1.0),
    );
    assert_eq!(F::to_vec(&y).unwrap(), [0.0; 4]);
}

#[test]
fn heads_of_no_elements_attend_to_all_keys_alike() {
    for (queries, keys) in [(1, 3), (2, 3), (2, 90), (40, 3), (3, 600)] {
        let [q, k, v] = [[1, 2, queries, 0], [1, 2, keys, 0], [1, 2, keys, 2]]
            .map(|sizes| F::track(F::filled(6.0, &sizes, &Device)));
        let mask = AttentionMask::default();
        assert_eq!(
            sizes(&[F::sizes(&q), F::sizes(&k), F::sizes(&v)], |x| F::attention(
                &x[0],
                &x[1],
                &x[2],
                &mask,
                AttentionOptions::scaled(1.0)
            )),
            [1, 2, queries, 2]
        );
        let y = F::to_vec(&F::attention(&q, &k, &v, &mask, AttentionOptions::scaled(1.0))).unwrap();
        assert!(y.iter().all(|y| (y - 6.0).abs() < 1e-4), "{queries} queries, {keys} keys: {y:?}");
    }
    dims! { One = 1; Queries = 2; Keys = 3; Nothing = 0; Value = 2; }
    let (q, k) = (Tensor::ones((One, One, Queries, Nothing)), Tensor::ones((One, One, Keys, Nothing)));
    let v = Tensor::from_fn((One, One, Keys, Value), |[_, _, k, _]| k as f32);
    assert!(attention(&q, &k, &v, &Full).to_vec().iter().all(|y| (y - 1.0).abs() < 1e-6));
}

#[test]
fn products_and_rows_of_nothing_are_nothing_or_zero() {
    for [b, m, k, n] in all_sizes::<4>() {
        assert_eq!(sizes(&[&[b, m, k], &[b, k, n]], |x| F::matmul(&x[0], &x[1])), [b, m, n]);
        assert_eq!(sizes(&[&[b, m, k], &[k, n]], |x| F::matmul(&x[0], &x[1])), [b, m, n]);
        let linear = sizes(&[&[b, m, k], &[n, k], &[n], &[b, m, n]], |x| {
            let after = Epilogue { bias: Some(&x[2]), activation: Some(Unary::Gelu), residual: Some(&x[3]) };
            F::linear(&x[0], &x[1], after)
        });
        assert_eq!(linear, [b, m, n]);
        let wide = Cpu::<f64>::matmul(
            &Cpu::<f64>::filled(1.0, &[b, m, k], &Device),
            &Cpu::<f64>::filled(1.0, &[k, n], &Device),
        );
        assert_eq!(Cpu::<f64>::to_vec(&wide).unwrap(), vec![k as f64; b * m * n]);
    }
    for [b, m, n] in all_sizes::<3>() {
        let shape = &[b, m, n][..];
        for axis in 0..3 {
            assert_eq!(sizes(&[shape], |x| F::softmax(x[0].clone(), axis)), shape);
            assert_eq!(sizes(&[shape], |x| F::log_softmax(x[0].clone(), axis)), shape);
            let mut left = shape.to_vec();
            left.remove(axis);
            for op in [Reduce::Sum, Reduce::Mean, Reduce::Variance, Reduce::Max, Reduce::Min] {
                assert_eq!(sizes(&[shape], |x| F::reduce(op, &x[0], axis)), left, "{op:?} along {axis} of {shape:?}");
                let integers = Cpu::<u8>::filled(1, shape, &Device);
                assert_eq!(
                    Cpu::<u8>::to_vec(&Cpu::<u8>::reduce(op, &integers, axis)).unwrap().len(),
                    left.iter().product::<usize>()
                );
            }
            if shape[axis] > 0 {
                assert_eq!(
                    Cpu::<u32>::to_vec(&F::argmax(&ones(shape), axis)).unwrap().len(),
                    left.iter().product::<usize>()
                );
            }
            let joined = sizes(&[shape, shape], |x| F::concat(&[&x[0], &x[1]], axis));
            assert_eq!(joined[axis], 2 * shape[axis]);
            assert_eq!(sizes(&[shape], |x| F::narrow(&x[0], axis, shape[axis], 0))[axis], 0);
        }
        assert_eq!(sizes(&[shape, &[n], &[n]], |x| F::layer_norm(x[0].clone(), &x[1], Some(&x[2]), 1e-5)), shape);
        assert_eq!(sizes(&[shape, &[n]], |x| F::rms_norm(x[0].clone(), &x[1], 1e-5)), shape);
        assert_eq!(sizes(&[shape, shape], |x| F::binary(Binary::Mul, x[0].clone(), x[1].clone())), shape);
        assert_eq!(sizes(&[shape, &[n]], |x| F::binary(Binary::Add, x[0].clone(), x[1].clone())), shape);
        assert_eq!(sizes(&[shape], |x| F::unary(Unary::Exp, x[0].clone())), shape);
        assert_eq!(sizes(&[shape], |x| F::reshape(&F::permute(&x[0], &[2, 0, 1]), &[b * m * n])), [b * m * n]);
        assert_eq!(sizes(&[shape, &[b, 0, n]], |x| F::update_slice(x[0].clone(), &x[1], &[0, m, 0])), shape);
        for k in [0, n] {
            assert_eq!(sizes(&[shape], |x| F::top_k(&x[0], k).0), [b, m, k]);
        }
        let x = ones(shape);
        let chosen = F::compare(Compare::Less, &x, &x);
        assert_eq!(sizes(&[shape, shape], |x| F::select(&chosen, &x[0], &x[1])), shape);
        let ids = Cpu::<u32>::from_elements(vec![0; if b > 0 { m } else { 0 }], &[if b > 0 { m } else { 0 }], &Device);
        assert_eq!(sizes(&[shape], |x| F::gather(&x[0], &ids)).len(), 3);
        if n > 0 {
            let targets = Cpu::<u32>::from_elements(vec![0; b * m], &[b, m], &Device);
            assert_eq!(sizes(&[shape], |x| F::cross_entropy(&x[0], &targets, 0.1)), [b, m]);
        }
        let angles = ones(&[b, m, n]);
        for layout in [RotaryLayout::Half, RotaryLayout::Interleaved] {
            for heads in [0, 2] {
                let shape = [b, heads, m, 2 * n];
                let found = sizes(&[&shape], |x| F::rotate(x[0].clone(), &angles, &angles, layout));
                assert_eq!(found, shape);
            }
        }
    }
}

/// Every method of a cache, of these sizes.
fn use_cache(batch: usize, heads: usize, head_dim: usize, layers: usize, window: Option<usize>) {
    bind!(batch: Batch = batch, heads: Heads = heads, size: HeadDim = head_dim, positions: Positions = 300);
    let mut cache = KeyValueCache::new(batch, heads, size, positions, layers);
    if let Some(window) = window {
        cache = cache.with_window(window);
    }
    for length in [3, 0, 1, 100, 1] {
        bind!(seq: Seq = length);
        let x = Tensor::ones((batch, heads, seq, size));
        let found = cache.step(seq, |step| {
            assert_eq!(step.positions().sizes(), [batch.size(), length]);
            for layer in 0..layers {
                let (keys, values) = step.append(layer, &x, &x);
                assert_eq!(attention(&x, &keys, &values, &Causal).sizes(), x.sizes());
                assert_eq!(attention(&x, &keys, &values, step.mask()).sizes(), x.sizes());
            }
        });
        found.unwrap();
    }
    assert_eq!(cache.lengths(), vec![105; batch.size()]);
    for counts in [vec![2; batch.size()], vec![0; batch.size()]] {
        bind!(seq: Ragged<Seq> = 2);
        let x = Tensor::ones((batch, heads, seq, size));
        let lengths = Lengths::new(batch, seq, &counts).unwrap();
        let found = cache.step_ragged(&lengths, |step| {
            for layer in 0..layers {
                let (keys, values) = step.append(layer, &x, &x);
                assert_eq!(attention(&x, &keys, &values, step.mask()).sizes(), x.sizes());
            }
        });
        found.unwrap();
    }
    let mut fork = cache.clone();
    bind!(chosen: Chosen = 2 * batch.size());
    let ids: Vec<u32> = (0..batch.size() as u32).flat_map(|id| [id, id]).collect();
    let beams = fork.select(&Ids::new((chosen,), batch, &ids).unwrap());
    assert_eq!(beams.lengths(), vec![107; chosen.size()]);
    bind!(none: Chosen = 0);
    assert_eq!(fork.select(&Ids::new((none,), batch, &[]).unwrap()).lengths(), [0; 0]);
    fork.clear();
    assert_eq!(fork.lengths(), vec![0; batch.size()]);
    assert!(format!("{cache:?}").contains("KeyValueCache"));
}

#[test]
fn a_cache_of_nothing_is_a_cache() {
    for window in [None, Some(4), Some(0)] {
        for [batch, heads, size, layers] in all_sizes::<4>() {
            use_cache(batch, heads, size, layers, window);
        }
    }
}

#[test]
fn a_cache_without_room_says_so() {
    bind!(batch: Batch = 1, heads: Heads = 1, size: HeadDim = 2, positions: Positions = 0, seq: Seq = 1);
    let mut cache = KeyValueCache::new(batch, heads, size, positions, 1);
    assert!(cache.step(seq, |_| ()).is_err());
}
