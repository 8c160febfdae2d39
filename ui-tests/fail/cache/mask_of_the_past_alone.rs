use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 2; KeyHeads = 3; HeadDim = 4; Positions = 64; Token; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, KeyHeads, HeadDim, Positions, 1);
    bind!(token: Ragged<Token> = 1);
    let x = Tensor::ones((Batch, KeyHeads, token, HeadDim));
    let lengths = Lengths::new(Batch, token, &[1, 0]).unwrap();
    let y = cache.step_ragged(&lengths, |step| {
        let (keys, values) = step.append(0, &x, &x);
        attention(&x, &keys, &values, &lengths).sizes()
    });
}
