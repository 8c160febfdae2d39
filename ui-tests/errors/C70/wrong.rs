use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 2; Heads = 1; HeadDim = 2; Positions = 64; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    let accepted = [4, 1];
    cache.truncate(10 + accepted.iter().max().unwrap()).unwrap();
}
