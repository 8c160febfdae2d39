use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 2; KeyHeads = 3; Group = 2; HeadDim = 4; Positions = 64; Seq = 5; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, 1);
    let x = Tensor::ones((Batch, Times(KeyHeads, Group), Seq, HeadDim));
    let y = cache.step(Seq, |step| step.append(0, &x, &x).0.sizes());
}
