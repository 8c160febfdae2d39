use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 2; Beams = 3; KeyHeads = 3; HeadDim = 4; Positions = 64; }

fn main() {
    let cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, 1);
    let beams = cache.select(&Ids::new((Beams,), Beams, &[0, 1, 2]).unwrap());
}
