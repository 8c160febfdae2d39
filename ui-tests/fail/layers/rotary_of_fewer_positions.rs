//! The cache has more positions than the table.
use congruent::nn::{GroupedQueryAttention, KeyValueCache, Rotary, RotaryLayout};
use congruent::prelude::*;

dims! { Batch = 1; Seq = 3; Embed = 24; Heads = 6; HeadDim = 4; Positions = 64; Few = 32; }

fn main() {
    let layer = GroupedQueryAttention::random(Embed, Heads, Heads, HeadDim, &mut Rng::with_seed(1));
    let rotary = Rotary::new(Few, HeadDim, 10000.0, RotaryLayout::Half);
    let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    let x = Tensor::ones((Batch, Seq, Embed));
    let y = cache.step(Seq, |step| layer.forward_cached(&x, &rotary, 0, step));
}
