//! A step of one token over a cache of keys and values that is held in `f32`, in half precision, and in eight bits: a layer of 9 heads
//! of 64 that share 3, as in SmolLM2-135M.
//!
//! `cargo bench -p benches --bench caches`. The ways take turns in rounds; each time is the median of all.

use congruent::half::f16;
use congruent::nn::KeyValueCache;
use congruent::prelude::*;
use std::hint::black_box;
use std::time::Instant;

dims! { Batch = 1; KeyHeads = 3; Group = 3; HeadDim = 64; Positions = 32768; New = 1; Seq; }

type Cache = KeyValueCache<Batch, KeyHeads, HeadDim, Positions>;
const ROUNDS: usize = 41;

fn filled(cache: Cache, length: usize) -> Cache {
    let mut cache = cache;
    let rng = &mut Rng::with_seed(1);
    bind!(seq: Seq = length);
    let [k, v] = [(); 2].map(|()| Tensor::normal((Batch, KeyHeads, seq, HeadDim), 0.0, 1.0, rng));
    cache.step(seq, |step| drop(step.append(0, &k, &v))).unwrap();
    cache
}

/// Seconds of a step, and what attention gives. The position is taken back.
fn step(cache: &mut Cache, length: usize, rng: &mut Rng) -> (f64, Vec<f32>) {
    let q = Tensor::normal((Batch, Times(KeyHeads, Group), New, HeadDim), 0.0, 1.0, rng);
    let [k, v] = [(); 2].map(|()| Tensor::normal((Batch, KeyHeads, New, HeadDim), 0.0, 1.0, rng));
    let start = Instant::now();
    let y = cache.step(New, |step| {
        let (keys, values) = step.append(0, &k, &v);
        attention(&q, &keys, &values, step.mask())
    });
    let y = y.unwrap();
    let seconds = start.elapsed().as_secs_f64();
    cache.truncate(length).unwrap();
    (seconds, y.to_vec())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    println!(
        "| keys | held as | µs | of `f32` | bytes of a position | off by at most |\n|---:|---|---:|---:|---:|---:|"
    );
    for length in [512, 4096, 16384] {
        let new = || KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, 1);
        let caches = [new(), new().in_half_precision(), new().in_eight_bits()];
        let mut caches = caches.map(|cache| filled(cache, length));
        bind!(seq: Seq = length);
        let rng = &mut Rng::with_seed(1);
        let [k, v] = [(); 2].map(|()| {
            let x: Tensor<_> = Tensor::normal((Batch, KeyHeads, seq, HeadDim), 0.0, 1.0, rng);
            x.cast::<f16>()
        });
        let (mut times, mut off, mut as_a_whole) = ([const { Vec::new() }; 3], [0f32; 3], Vec::new());
        for round in 0..ROUNDS as u64 {
            let mut expected = Vec::new();
            for (i, cache) in caches.iter_mut().enumerate() {
                let (seconds, y) = step(cache, length, &mut Rng::with_seed(round));
                times[i].push(seconds);
                if i == 0 {
                    expected = y;
                } else {
                    off[i] = y.iter().zip(&expected).map(|(x, y)| (x - y).abs()).fold(off[i], f32::max);
                }
            }
            let q = Tensor::normal((Batch, Times(KeyHeads, Group), New, HeadDim), 0.0, 1.0, &mut Rng::with_seed(round));
            let start = Instant::now();
            black_box(attention(&q, &k.cast::<f32>(), &v.cast::<f32>(), &Full));
            as_a_whole.push(start.elapsed().as_secs_f64());
        }
        let [f32_time, half, eight] = times.each_mut().map(|times| median(times));
        let rows = [
            ("`f32`", f32_time, 1536, off[0]),
            ("half precision", half, 768, off[1]),
            ("half precision, widened as a whole", median(&mut as_a_whole), 768, off[1]),
            ("eight bits", eight, 408, off[2]),
        ];
        for (name, time, bytes, off) in rows {
            println!("| {length} | {name} | {:.0} | {:.2} | {bytes} | {off:.1e} |", time * 1e6, time / f32_time);
        }
    }
}
