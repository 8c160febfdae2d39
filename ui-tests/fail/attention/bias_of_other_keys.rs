use congruent::nn::{AttentionOptions, attention_with};
use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; Seq = 5; Memory = 7; HeadDim = 8; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let k = Tensor::ones((Batch, Heads, Memory, HeadDim));
    let bias = Tensor::zeros((Batch, Seq, Seq));
    let y = attention_with(&q, &k, &k, &Full, AttentionOptions::new().bias(&bias));
}
