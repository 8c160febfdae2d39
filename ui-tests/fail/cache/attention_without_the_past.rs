use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 2; KeyHeads = 3; HeadDim = 4; Positions = 64; Token = 1; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, 1);
    let x = Tensor::ones((Batch, KeyHeads, Token, HeadDim));
    let y = cache.step(Token, |step| {
        let (keys, _) = step.append(0, &x, &x);
        attention(&x, &keys, &x, &Causal).sizes()
    });
}
