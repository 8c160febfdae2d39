//! What the compiler gains by knowing the sizes of a product: the same kernel compiled for them, and with the sizes at run
//! time; beside both, the whole operation on tensors.
//!
//! The three take turns in rounds; each time is the median of all rounds, in nanoseconds. `cargo bench -p benches --bench static_sizes`
//! with the number of rounds as its argument.

use congruent::cpu::static_sizes::{StaticSizes, multiply_dynamic, multiply_static};
use congruent::prelude::*;
use std::hint::black_box;
use std::time::Instant;

/// So many products make a round.
const PRODUCTS: u32 = 20_000;

/// The time of one product.
fn time(mut product: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..PRODUCTS).for_each(|_| product());
    start.elapsed().as_secs_f64() / f64::from(PRODUCTS) * 1e9
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn compare<S: StaticSizes>(rounds: usize, x: &[f32], y: &[f32], mut operation: impl FnMut()) {
    let [m, k, n] = S::SIZES;
    let [mut first, mut second] = [vec![0.0; m * n], vec![0.0; m * n]];
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        times[0].push(time(|| multiply_static::<S>(black_box(x), black_box(y), black_box(&mut first))));
        times[1]
            .push(time(|| multiply_dynamic(black_box(S::SIZES), black_box(x), black_box(y), black_box(&mut second))));
        times[2].push(time(&mut operation));
    }
    assert_eq!(first, second);
    let [known, at_run_time, whole] = times.map(median);
    let gained = (at_run_time - known) / whole * 100.0;
    println!("{:>12} {known:8.1} {at_run_time:12.1} {whole:10.1} {gained:8.1} %", format!("{m} x {k} x {n}"));
}

macro_rules! products { ($rounds:expr; $($m:literal $k:literal $n:literal;)*) => {$({
    struct Sizes;
    impl StaticSizes for Sizes {
        const SIZES: [usize; 3] = [$m, $k, $n];
    }
    dims! { Rows = $m; Inner = $k; Columns = $n; }
    let mut rng = Rng::with_seed(1);
    let x = Tensor::uniform((Rows, Inner), -1.0..1.0, &mut rng);
    let y = Tensor::uniform((Inner, Columns), -1.0..1.0, &mut rng);
    compare::<Sizes>($rounds, &x.to_vec(), &y.to_vec(), || drop(black_box(black_box(&x).matmul(black_box(&y)))));
})*} }

fn main() {
    let rounds = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(51);
    println!("{:>12} {:>8} {:>12} {:>10} {:>10}", "", "static", "at run time", "operation", "gain of it");
    products! { rounds;
        4 4 4;
        8 8 8;
        16 16 16;
        24 24 24;
        32 32 32;
        64 64 64;
        // The scores and the values of a head of 64 for 20 tokens, and a step through rank 8.
        20 64 20;
        20 20 64;
        20 64 8;
    }
}
