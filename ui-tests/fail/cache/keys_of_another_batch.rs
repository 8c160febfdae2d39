use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 2; Other = 3; KeyHeads = 3; HeadDim = 4; Positions = 64; Seq = 5; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, 1);
    let x = Tensor::ones((Other, KeyHeads, Seq, HeadDim));
    let y = cache.step(Seq, |step| step.append(0, &x, &x).0.sizes());
}
