//! Results are the same on any number of threads, bit for bit.

use congruent::Lengths;
use congruent::backend::Float;
use congruent::nn::{LayerNorm, Linear};
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
        for count in 2..=4 {
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
