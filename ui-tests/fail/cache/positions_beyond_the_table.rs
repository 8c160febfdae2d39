use congruent::nn::{KeyValueCache, Rotary, RotaryLayout};
use congruent::prelude::*;

dims! { Batch = 2; KeyHeads = 3; HeadDim = 4; Positions = 64; Longer = 128; Seq = 5; }

fn main() {
    let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Longer, 1);
    let x = Tensor::ones((Batch, KeyHeads, Seq, HeadDim));
    let y = cache.step(Seq, |step| rotary.forward(&x, step.positions()));
}
