use congruent::nn::attention_weights;
use congruent::{Causal, Plus, Tensor, dims};

dims! { Batch = 1; Heads = 1; Past = 3; New = 2; HeadDim = 2; }

fn main() {
    let q = Tensor::ones((Batch, Heads, New, HeadDim));
    let k = Tensor::ones((Batch, Heads, Plus(Past, New), HeadDim));
    let weights = attention_weights(&q, &k, &Causal).to_vec();
    assert_eq!(weights, [0.25, 0.25, 0.25, 0.25, 0.0, 0.2, 0.2, 0.2, 0.2, 0.2]);
}
