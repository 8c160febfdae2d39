use congruent::mask::{relative_ids, t5_bucket};
use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 2; Heads = 1; HeadDim = 1; Positions = 64; Buckets = 32; Seq; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    bind!(seq: Ragged<Seq> = 4);
    let x = Tensor::ones((Batch, Heads, seq, HeadDim));
    let y = cache.step_ragged(&Lengths::new(Batch, seq, &[4, 2]).unwrap(), |step| {
        step.append(0, &x, &x);
        relative_ids(seq, step.keys(), Buckets, |distance| t5_bucket(distance, false, Buckets.size(), 128)).unwrap();
    });
}
