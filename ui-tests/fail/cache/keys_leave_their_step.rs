use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 2; KeyHeads = 3; HeadDim = 4; Positions = 64; Token = 1; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, 1);
    let x = Tensor::ones((Batch, KeyHeads, Token, HeadDim));
    let keys = cache.step(Token, |step| step.append(0, &x, &x).0);
}
