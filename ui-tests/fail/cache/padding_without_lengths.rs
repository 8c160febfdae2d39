use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 2; KeyHeads = 3; HeadDim = 4; Positions = 64; Seq; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, 1);
    bind!(seq: Ragged<Seq> = 5);
    let x = Tensor::ones((Batch, KeyHeads, seq, HeadDim));
    let y = cache.step(seq, |step| step.append(0, &x, &x).0.sizes());
}
