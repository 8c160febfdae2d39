use congruent::mask::alibi;
use congruent::nn::{KeyValueCache, attention_with_bias};
use congruent::prelude::*;

dims! { Batch = 1; Heads = 2; HeadDim = 4; Positions = 64; New = 1; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    let x = Tensor::ones((Batch, Heads, New, HeadDim));
    let y = cache.step(New, |step| {
        let (keys, values) = step.append(0, &x, &x);
        attention_with_bias(&x, &keys, &values, &alibi(Heads, New, New), &Causal).sizes()
    });
}
