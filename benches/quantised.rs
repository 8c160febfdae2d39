//! Weights in blocks beside weights of `f32`: how fast one row reads them, and what many rows reach.
//!
//! `cargo bench -p benches --bench quantised`. Each number is the best of some rounds.

#[path = "../tests/common/one.rs"]
mod one;

use congruent::io::{Bytes, Dtype, Entry, Weights, load};
use congruent::nn::Linear;
use congruent::prelude::*;
use congruent::threads;
use one::One;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

dims! { Rows; }

/// As many copies of a weight as do not fit into the caches together: each use finds it in memory, as in a model.
fn layers<I: Dim, O: Dim>(input: I, output: O, dtype: &Dtype, block: [usize; 2]) -> (Vec<Linear<I, O>>, usize) {
    let bytes = input.size() * output.size() / block[0] * block[1];
    let copies = (256 << 20) / bytes + 1;
    // Any of these bytes make numbers and scales that are finite and not denormal. They lie one after another, as in a file.
    let data: Vec<u8> = (0..bytes).map(|_| fastrand::u8(..) & 0x93 | 0x2c).collect();
    let all = Arc::new(data.repeat(copies));
    let layer = |copy: usize| {
        let bytes = Bytes::new(all.clone(), copy * bytes..(copy + 1) * bytes);
        let entry = Entry { dtype: dtype.clone(), sizes: vec![output.size(), input.size()], bytes };
        let build = |weights: Weights<'_, f32>| Linear::load_without_bias(&weights.casting(), input, output);
        load(&One(entry), build).expect("a weight of the right size")
    };
    ((0..copies).map(layer).collect(), bytes)
}

/// Seconds of one use, each layer after the other: the best of the rounds.
fn seconds<I: Dense, O: Dim>(layers: &[Linear<I, O>], rows: usize, rounds: usize) -> f64 {
    bind!(rows: Rows = rows);
    let x = Tensor::uniform((rows, layers[0].input()), -1.0..1.0, &mut Rng::with_seed(1));
    let round = || {
        let start = Instant::now();
        layers.iter().for_each(|layer| drop(black_box(layer.forward(black_box(&x)))));
        start.elapsed().as_secs_f64() / layers.len() as f64
    };
    (0..rounds).map(|_| round()).fold(f64::INFINITY, f64::min)
}

fn measure<I: Dense, O: Dim>(input: I, output: O) {
    let all = [
        (Dtype::F32, [1, 4]),
        (Dtype::F16, [1, 2]),
        (Dtype::Q8_0, [32, 34]),
        (Dtype::Q4_1, [32, 20]),
        (Dtype::Q4_0, [32, 18]),
        (Dtype::Q5_1, [32, 24]),
        (Dtype::Q4_K, [256, 144]),
        (Dtype::Q5_K, [256, 176]),
        (Dtype::Q6_K, [256, 210]),
    ];
    for (dtype, block) in all.into_iter().filter(|(_, [len, _])| input.size().is_multiple_of(*len)) {
        let (layers, bytes) = layers(input, output, &dtype, block);
        print!("{} x {} {dtype:5}", input.size(), output.size());
        for count in [1, 2] {
            let time = threads::with(count, || seconds(&layers, 1, 7));
            print!("  1 row, {count} threads {:6.1} µs {:5.1} GB/s", time * 1e6, bytes as f64 / time * 1e-9);
        }
        // One weight again and again: what the kernels reach.
        let time = threads::with(1, || seconds(&layers[..1], 1, 300));
        print!("  from cache {:5.1} GB/s", bytes as f64 / time * 1e-9);
        for rows in [8, 9, 32, 128] {
            let time = threads::with(1, || seconds(&layers[..1], rows, 7));
            let flops = 2.0 * rows as f64 * input.size() as f64 * output.size() as f64;
            print!("  {rows} rows {:6.1} GFLOP/s", flops / time * 1e-9);
        }
        println!();
    }
}

fn main() {
    measure(N::<576>, N::<1536>);
    measure(N::<1536>, N::<576>);
    measure(N::<576>, N::<49152>);
}
