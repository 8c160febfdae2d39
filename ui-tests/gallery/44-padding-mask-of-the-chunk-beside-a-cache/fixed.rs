#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::{KeyValueCache, attention};
use congruent::{Lengths, Ragged, dims};

dims! { Batch = 1; Heads = 1; Positions = 8; Chunk = 2; HeadDim = 2; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    let x = wave((Batch, Heads, Ragged(Chunk), HeadDim));
    let mut step = |length| {
        let lengths = Lengths::new(Batch, Ragged(Chunk), &[length]).unwrap();
        let y = cache.step_ragged(&lengths, |step| {
            let (keys, values) = step.append(0, &x, &x);
            attention(&x, &keys, &values, step.mask())
        });
        y.unwrap()
    };
    step(1);
    assert_close(&step(2), &[0.841471, 0.909297, 0.468817, 0.022771]);
}
