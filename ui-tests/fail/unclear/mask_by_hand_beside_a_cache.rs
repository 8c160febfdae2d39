use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 1; Heads = 1; HeadDim = 1; Positions = 64; Seq; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    bind!(seq: Seq = 4);
    let x = Tensor::ones((Batch, Heads, seq, HeadDim));
    let y = cache.step(seq, |step| {
        let (keys, values) = step.append(0, &x, &x);
        let window = Cpu::<bool>::from_fn((seq, step.keys()), |[q, k]| k <= q && q < k + 2);
        attention(&x, &keys, &values, &Allowed::new(window))
    });
}
