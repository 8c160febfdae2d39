use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 2; KeyHeads = 3; HeadDim = 4; Value = 8; Positions = 64; Seq = 5; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, 1);
    let k = Tensor::ones((Batch, KeyHeads, Seq, HeadDim));
    let v = Tensor::ones((Batch, KeyHeads, Seq, Value));
    let y = cache.step(Seq, |step| step.append(0, &k, &v).0.sizes());
}
