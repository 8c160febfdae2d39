use congruent::nn::KeyValueCache;
use congruent::{Tensor, dims};

dims! { Batch = 1; Heads = 1; HeadDim = 4; Positions = 64; New = 1; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    let x = Tensor::ones((Batch, Heads, New, HeadDim));
    let y = cache.step(1, |step| step.append(0, &x, &x));
}
