use congruent::nn::{AttentionOptions, attention_with};
use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 8; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let sinks = Tensor::zeros((Heads, Seq));
    let y = attention_with(&x, &x, &x, &Causal, AttentionOptions::new().sinks(&sinks));
}
