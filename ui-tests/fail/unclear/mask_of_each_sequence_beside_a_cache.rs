use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 2; Heads = 1; HeadDim = 1; Positions = 64; Seq; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    bind!(seq: Seq = 4);
    let x = Tensor::ones((Batch, Heads, seq, HeadDim));
    let y = cache.step(seq, |step| {
        let (keys, values) = step.append(0, &x, &x);
        let own = Cpu::<bool>::from_fn((Batch, seq, step.keys()), |[sequence, q, k]| k <= q && k >= sequence);
        attention(&x, &keys, &values, &Allowed::new(own))
    });
}
