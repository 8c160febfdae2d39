use congruent::nn::{KeyValueCache, Rotary, RotaryLayout};
use congruent::prelude::*;

dims! { Batch = 2; KeyHeads = 3; HeadDim = 4; Embed = 12; Positions = 64; Seq = 5; }

fn main() {
    let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    let mut cache = KeyValueCache::new(Batch, KeyHeads, Embed, Positions, 1);
    let x = Tensor::ones((Batch, KeyHeads, Seq, Embed));
    let y = cache.step(Seq, |step| rotary.forward(&x, step.positions()));
}
