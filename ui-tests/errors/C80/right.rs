use congruent::nn::{AttentionOptions, attention_with};
use congruent::prelude::*;

dims! { Batch = 2; KeyHeads = 2; Group = 3; Seq = 5; HeadDim = 8; }

fn main() {
    let q = Tensor::ones((Batch, Times(KeyHeads, Group), Seq, HeadDim));
    let k = Tensor::ones((Batch, KeyHeads, Seq, HeadDim));
    let sinks = Tensor::zeros((Times(KeyHeads, Group),));
    let y = attention_with(&q, &k, &k, &Causal, AttentionOptions::new().sinks(&sinks));
}
