use congruent::nn::KeyValueCache;
use congruent::{Tensor, dims};

dims! { Batch = 2; KeyHeads = 3; HeadDim = 4; Positions = 64; Token = 1; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, 1);
    let k = Tensor::ones((Batch, Token, KeyHeads, HeadDim));
    cache.step(Token, |step| step.append(0, &k, &k).0.sizes()).unwrap();
}
