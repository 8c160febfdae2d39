use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 2; KeyHeads = 3; HeadDim = 4; Positions = 64; Seq = 5; Token = 1; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, 1);
    let prompt = Tensor::ones((Batch, KeyHeads, Seq, HeadDim));
    let y = cache.step(Token, |step| step.append(0, &prompt, &prompt).0.sizes());
}
