use congruent::nn::{AttentionOptions, attention_with};
use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 4; }

fn main() {
    let (x, mut rng) = (Tensor::ones((Batch, Heads, Seq, HeadDim)), Rng::with_seed(1));
    let y = attention_with(&x, &x, &x, &Full, AttentionOptions::new().dropout(0.1, &mut rng));
}
