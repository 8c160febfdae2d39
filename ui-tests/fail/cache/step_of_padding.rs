use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; Positions = 64; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    let x = Tensor::ones((Batch, Heads, Ragged(Seq), HeadDim));
    let y = cache.step(Ragged(Seq), |step| step.append(0, &x, &x).0.sizes());
}
