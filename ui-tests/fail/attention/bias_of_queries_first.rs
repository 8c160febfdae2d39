use congruent::nn::{AttentionOptions, attention_weights_with};
use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; Seq = 5; Buckets = 32; HeadDim = 8; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let table = Tensor::ones((Buckets, Heads));
    let ids = congruent::mask::relative_ids(Seq, Seq, Buckets, |distance| distance.unsigned_abs() as u32).unwrap();
    let bias = table.lookup(&ids);
    let weights = attention_weights_with(&x, &x, &Causal, AttentionOptions::new().bias(&bias));
}
