//! Results are the same on any number of threads and in any batch, bit for bit.

#[path = "common/attention.rs"]
mod attention;

use attention::{Attention, alone, with_gradients};
use congruent::Lengths;
use congruent::backend::{AttentionMask, AttentionOptions, Backend, Binary, Epilogue, Float, Reduce, Unary};
use congruent::cpu::Device;
use congruent::nn::{EncoderLayer, LayerNorm, Linear};
use congruent::prelude::*;
use congruent::threads;

dims! { Batch; Heads; Queries; Keys; Inner; Outer; }

/// Exact numbers, of zeros with their sign.
fn bits<S: Shape, T: Float>(x: &Tensor<S, Cpu<T>>) -> Vec<u64> {
    x.to_vec().iter().map(|x| x.to_f64().unwrap().to_bits()).collect()
}

/// Every operation that shares work, on sizes of `batch, heads, queries, keys, inner, outer`.
fn operations<T: Float>([b, h, q, k, d, e]: [usize; 6]) -> Vec<(&'static str, Vec<u64>)> {
    bind!(batch: Batch = b, heads: Heads = h, queries: Queries = q, keys: Keys = k, inner: Inner = d, outer: Outer = e);
    let mut rng = Rng::with_seed((b + h + q + k + d + e) as u64);
    let x = Tensor::normal((batch, heads, queries, inner), 0.0, 1.0, &mut rng).cast::<T>();
    let y = Tensor::normal((batch, heads, keys, inner), 0.0, 1.0, &mut rng).cast::<T>();
    let z = Tensor::normal((batch, heads, keys, outer), 0.0, 1.0, &mut rng).cast::<T>();
    let weight = Tensor::normal((outer, inner), 0.0, 1.0, &mut rng).cast::<T>();
    let bias = Tensor::normal((outer,), 0.0, 1.0, &mut rng).cast::<T>();
    let transposed = rearrange!(weight, "o i -> i o");
    let rows = Tensor::normal((inner, outer), 0.0, 1.0, &mut rng).cast::<T>();
    let scores = einsum!("b h q d, b h k d -> b h q k", x, y);
    let norm = LayerNorm { weight: Cpu::<T>::ones((inner,)), bias: None, epsilon: 1e-5 };
    let linear = Linear { weight: weight.clone(), bias: Some(bias) };
    let lengths: Vec<usize> = (0..b).map(|text| k / (text + 1)).collect();
    let lengths = Lengths::new(batch, keys, &lengths).unwrap();
    vec![
        ("product", bits(&x.matmul(&transposed))),
        ("product with rows", bits(&x.matmul(&rows))),
        ("batched product", bits(&scores)),
        ("linear", bits(&linear.forward(&x))),
        ("attention", bits(&attention(&x, &y, &z, &Full))),
        ("causal attention", bits(&attention(&y, &y, &z, &Causal))),
        ("attention to some", bits(&attention(&x, &y, &z, &lengths))),
        ("softmax", bits(&scores.softmax(keys))),
        ("softmax of columns", bits(&scores.softmax(queries))),
        ("log softmax", bits(&scores.log_softmax(keys))),
        ("norm", bits(&norm.forward(&x))),
        ("gelu", bits(&x.gelu())),
        ("exp", bits(&x.exp())),
        ("sum of pairs", bits(&(&scores + &scores))),
        ("sum", bits(&scores.sum(keys))),
        ("variance", bits(&x.var(queries))),
    ]
}

fn results_do_not_depend_on_threads<T: Float>() {
    // Below and above what is worth sharing; one head and many; multiples of nothing.
    for sizes in [
        [1, 1, 1, 1, 1, 1],
        [3, 2, 17, 20, 8, 5],
        [2, 3, 70, 90, 33, 65],
        [1, 1, 300, 257, 64, 48],
        [1, 5, 129, 250, 70, 100],
        [1, 1, 1, 5000, 31, 3],
        [1, 1, 1, 2, 700, 300],
    ] {
        let expected = threads::with(1, || operations::<T>(sizes));
        for count in [2, 3, 7] {
            for (found, expected) in threads::with(count, || operations::<T>(sizes)).iter().zip(&expected) {
                assert!(found == expected, "{} of sizes {sizes:?} on {count} threads", found.0);
            }
        }
    }
}

#[test]
fn results_of_f32_do_not_depend_on_threads() {
    results_do_not_depend_on_threads::<f32>();
}

#[test]
fn results_of_f64_do_not_depend_on_threads() {
    results_do_not_depend_on_threads::<f64>();
}

#[test]
fn results_of_f16_do_not_depend_on_threads() {
    results_do_not_depend_on_threads::<congruent::half::f16>();
}

fn attention_does_not_depend_on_threads<T: Float>(case: &Attention<T>) {
    let bits = |(x, _): &(Array<T>, bool)| attention::bits::<T>(x);
    let results = |count| threads::with(count, || case.all_results()).iter().map(bits).collect::<Vec<_>>();
    let expected = results(1);
    for count in [2, 3, 7] {
        for (at, (found, expected)) in results(count).iter().zip(&expected).enumerate() {
            let differ = found.iter().zip(expected).filter(|(found, expected)| found != expected).count();
            assert_eq!(differ, 0, "result {at} of {} on {count} threads", case.sizes);
        }
    }
}

#[test]
fn attention_under_random_masks_does_not_depend_on_threads() {
    for case in 0..40 {
        attention_does_not_depend_on_threads(&Attention::<f32>::random(case));
        if case % 2 == 0 {
            attention_does_not_depend_on_threads(&Attention::<f64>::random(case + 100));
        }
        if case % 8 == 0 {
            attention_does_not_depend_on_threads(&Attention::<congruent::half::bf16>::random(case + 200));
        }
    }
}

#[test]
fn attention_to_a_window_does_not_depend_on_threads() {
    // A last part of one query, of fewer keys than are few and of more; and where there are no kernels.
    for (queries, window, group) in [(65, 16, 5), (33, 16, 5), (64, 5, 1), (50, 7, 3), (513, 100, 1), (257, 300, 2)] {
        let mask = AttentionMask { causal: true, window: Some(window), ..AttentionMask::default() };
        for has_infinity in [false, true] {
            let sizes = [2, 1, group, queries, queries, 64, 64];
            attention_does_not_depend_on_threads(&Attention::<f32>::new(sizes, mask.clone(), 1, has_infinity));
            attention_does_not_depend_on_threads(&Attention::<f64>::new(sizes, mask.clone(), 2, has_infinity));
        }
    }
}

fn attention_does_not_depend_on_the_batch<T: Float>(case: &Attention<T>) {
    let in_batch = case.results();
    for sequence in 0..case.batch() {
        for (at, (found, expected)) in case.alone(sequence).results().iter().zip(&in_batch).enumerate() {
            let (found, expected) = (attention::bits::<T>(found), attention::bits::<T>(&alone(expected, sequence)));
            assert!(found == expected, "result {at} of sequence {sequence} of {}", case.sizes);
        }
    }
}

#[test]
fn attention_under_random_masks_does_not_depend_on_the_batch() {
    for case in 0..40 {
        attention_does_not_depend_on_the_batch(&Attention::<f32>::random(case));
        if case % 2 == 0 {
            attention_does_not_depend_on_the_batch(&Attention::<f64>::random(case + 100));
        }
        if case % 8 == 0 {
            attention_does_not_depend_on_the_batch(&Attention::<congruent::half::f16>::random(case + 200));
        }
    }
}

fn attention_does_not_depend_on_padding<T: Float>() {
    // Short texts and long ones, which leave one query and many in the last tile, in batches of the same and other kernels.
    let lengths = [1, 3, 5, 9, 33, 50, 63, 64, 65, 100, 130, 520];
    for (length, padded) in lengths.iter().flat_map(|&length| [2, 30, 100].map(|more| (length, length + more))) {
        let mut rng = Rng::with_seed((length + padded) as u64);
        bind!(batch: Batch = 1, heads: Heads = 3, text: Queries = length, inner: Inner = 20);
        let [q, k, v] = [(); 3].map(|()| Tensor::normal((batch, heads, text, inner), 0.0, 1.0, &mut rng).cast::<T>());
        let masks = [AttentionMask::default(), AttentionMask { causal: true, ..AttentionMask::default() }];
        for mask in masks {
            let alone = Cpu::<T>::attention(q.array(), k.array(), v.array(), &mask, AttentionOptions::scaled(0.2));
            // Another text, which fills the batch.
            let in_batch = |x: &Array<T>| {
                let x = Cpu::<T>::to_vec(x).unwrap();
                let at = |b: usize, h: usize, s: usize, d: usize| match b == 0 && s < length {
                    true => x[(h * length + s) * 20 + d],
                    false => T::from((b + h * 7 + s * 3 + d) % 13).unwrap() / T::from(6.0).unwrap() - T::one(),
                };
                let all = (0..2 * 3 * padded * 20)
                    .map(|i| at(i / (60 * padded), i / (20 * padded) % 3, i / 20 % padded, i % 20));
                Cpu::<T>::from_elements(all.collect(), &[2, 3, padded, 20], &Device)
            };
            let [q, k, v] = [&q, &k, &v].map(|x| in_batch(x.array()));
            let mask = AttentionMask { lengths: Some([length, padded].into()), ..mask };
            let found = Cpu::<T>::attention(&q, &k, &v, &mask, AttentionOptions::scaled(0.2));
            let found = Cpu::<T>::narrow(&Cpu::<T>::narrow(&found, 0, 0, 1), 2, 0, length);
            assert!(attention::bits::<T>(&found) == attention::bits::<T>(&alone), "{length} of {padded}, {mask:?}");
        }
    }
}

#[test]
fn attention_does_not_depend_on_the_padding_behind_a_text() {
    attention_does_not_depend_on_padding::<f32>();
    attention_does_not_depend_on_padding::<f64>();
    attention_does_not_depend_on_padding::<congruent::half::bf16>();
}

type Array<T> = congruent::cpu::Array<T>;

/// Operations on sequences `(batch, positions, width)`, whose results and gradients each sequence has to itself.
fn results_do_not_depend_on_the_batch<T: Float>() {
    // Few rows and many, alone and together; products that are small, and of more terms than are taken at a time.
    let shapes = [
        (3, 1, 40, 20),
        (9, 1, 40, 20),
        (9, 2, 300, 70),
        (30, 1, 64, 65),
        (7, 1, 2500, 37),
        (5, 5, 48, 20),
        (3, 12, 64, 20),
        (40, 5, 100, 84),
        (4, 30, 1500, 384),
    ];
    for (batch, positions, width, outputs) in shapes {
        let random = |sizes: &[usize], seed: u64| {
            let mut rng = fastrand::Rng::with_seed(seed);
            let numbers = (0..sizes.iter().product()).map(|_| T::from(rng.f64() * 2.0 - 1.0).unwrap()).collect();
            Cpu::<T>::from_elements(numbers, sizes, &Device)
        };
        let x = random(&[batch, positions, width], 1);
        let [weight, matrix, bias] =
            [&[outputs, width][..], &[width, outputs], &[outputs]].map(|sizes| random(sizes, 2));
        let factors = random(&[width], 3);
        let columns = Cpu::<T>::permute(&weight, &[1, 0]);
        let after = Epilogue { bias: Some(&bias), activation: Some(Unary::Gelu), residual: None };
        let targets = |x: &Array<T>| {
            let rows: usize = Cpu::<T>::sizes(x)[..2].iter().product();
            Cpu::<u32>::from_elements(vec![3; rows], &Cpu::<T>::sizes(x)[..2], &Device)
        };
        let operations: [(&str, &dyn Fn(Array<T>) -> Array<T>); 14] = [
            ("linear", &|x| Cpu::<T>::linear(&x, &weight, Epilogue::default())),
            ("linear with what follows", &|x| Cpu::<T>::linear(&x, &weight, after)),
            ("product with rows", &|x| Cpu::<T>::matmul(&x, &matrix)),
            ("product with columns", &|x| Cpu::<T>::matmul(&x, &columns)),
            ("product of each", &|x| Cpu::<T>::matmul(&x, &Cpu::<T>::permute(&x, &[0, 2, 1]))),
            ("softmax", &|x| Cpu::<T>::softmax(x, 2)),
            ("softmax of columns", &|x| Cpu::<T>::softmax(x, 1)),
            ("log softmax", &|x| Cpu::<T>::log_softmax(x, 2)),
            ("layer norm", &|x| Cpu::<T>::layer_norm(x, &factors, None, 1e-5)),
            ("rms norm", &|x| Cpu::<T>::rms_norm(x, &factors, 1e-5)),
            ("cross-entropy", &|x| Cpu::<T>::cross_entropy(&x, &targets(&x), 0.1)),
            ("variance", &|x| Cpu::<T>::reduce(Reduce::Variance, &x, 2)),
            ("mean of columns", &|x| Cpu::<T>::reduce(Reduce::Mean, &x, 1)),
            ("chain", &|x| Cpu::<T>::binary(Binary::Mul, Cpu::<T>::unary(Unary::Silu, x.clone()), x)),
        ];
        for (name, f) in operations {
            let results = |x: &Array<T>| with_gradients::<T>(std::slice::from_ref(x), |x| f(x[0].clone()));
            let in_batch = results(&x);
            for sequence in 0..batch {
                for (found, expected) in results(&alone(&x, sequence)).iter().zip(&in_batch) {
                    let (found, expected) =
                        (attention::bits::<T>(found), attention::bits::<T>(&alone(expected, sequence)));
                    assert!(found == expected, "{name} of sequence {sequence}, ({batch}, {positions}, {width})");
                }
            }
        }
    }
}

#[test]
fn results_do_not_depend_on_the_batch_around_them() {
    results_do_not_depend_on_the_batch::<f32>();
    results_do_not_depend_on_the_batch::<f64>();
    results_do_not_depend_on_the_batch::<congruent::half::bf16>();
}

#[test]
fn a_text_is_encoded_alike_alone_and_in_a_padded_batch() {
    let mut rng = Rng::with_seed(1);
    let layer = EncoderLayer::random(N::<48>, N::<3>, N::<16>, N::<128>, &mut rng);
    for (length, padded) in [(1, 2), (1, 40), (3, 70), (4, 5), (10, 20), (50, 100), (65, 130), (500, 520)] {
        bind!(one: Batch = 1, text: Queries = length);
        let x = Tensor::normal((one, Ragged(text), N::<48>), 0.0, 1.0, &mut rng);
        let lengths = Lengths::new(one, Ragged(text), &[length]).unwrap();
        let alone = layer.forward(&layer.forward(&x, &lengths), &lengths);

        bind!(three: Batch = 3, longest: Queries = padded);
        let x = x.to_vec();
        let in_batch = Tensor::from_fn((three, Ragged(longest), N::<48>), |[b, s, e]| match b == 1 && s < length {
            true => x[s * 48 + e],
            false => ((b * 31 + s * 7 + e) % 13) as f32 / 6.0 - 1.0,
        });
        let all = Lengths::new(three, Ragged(longest), &[padded, length, padded / 2]).unwrap();
        let in_batch = layer.forward(&layer.forward(&in_batch, &all), &all);
        assert_eq!(bits(&alone), bits(&in_batch)[padded * 48..][..length * 48], "{length} of {padded}");
        let means = [bits(&alone.masked_mean(&lengths)), bits(&in_batch.masked_mean(&all))];
        assert_eq!(means[0], means[1][48..96], "the mean of {length} of {padded}");
    }
}

#[test]
fn models_on_threads_of_their_own_give_the_same() {
    let sizes = [2, 3, 70, 90, 33, 65];
    let expected = threads::with(1, || operations::<f32>(sizes));
    std::thread::scope(|scope| {
        let models: Vec<_> = (0..4).map(|_| scope.spawn(|| threads::with(2, || operations::<f32>(sizes)))).collect();
        assert!(models.into_iter().all(|model| model.join().unwrap() == expected));
    });
}

#[test]
fn the_environment_says_how_many_threads() {
    // The variable is read once, so that each value takes a process.
    let name = "the_environment_says_how_many_threads";
    if let Ok(expected) = std::env::var("EXPECTED_THREADS") {
        return assert_eq!(threads::get().to_string(), expected);
    }
    let default = std::thread::available_parallelism().map_or(1, usize::from);
    for (value, expected) in [("3", 3), (" 2 ", 2), ("0", default), ("-1", default), ("all", default), ("", default)] {
        let mut test = std::process::Command::new(std::env::current_exe().unwrap());
        test.args(["--exact", name]).env("CONGRUENT_NUM_THREADS", value).env("EXPECTED_THREADS", expected.to_string());
        assert!(test.output().unwrap().status.success(), "{value:?}");
    }
}
