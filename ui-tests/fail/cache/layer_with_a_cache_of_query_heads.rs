use congruent::nn::{GroupedQueryAttention, KeyValueCache, Rotary, RotaryLayout};
use congruent::prelude::*;

dims! { Batch = 2; Embed = 24; KeyHeads = 2; Group = 3; HeadDim = 4; Positions = 64; Seq = 5; }

fn main() {
    let queries = Times(KeyHeads, Group);
    let layer = GroupedQueryAttention::random(Embed, queries, KeyHeads, HeadDim, &mut Rng::with_seed(1));
    let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    let mut cache = KeyValueCache::new(Batch, queries, HeadDim, Positions, 1);
    let x = Tensor::ones((Batch, Seq, Embed));
    let y = cache.step(Seq, |step| layer.forward_cached(&x, &rotary, 0, step));
}
