use congruent::nn::attention;
use congruent::{Causal, Tensor, dims};

dims! { Batch = 1; Heads = 1; New = 1; Keys = 4; HeadDim = 2; }

fn step(q: &Tensor<(Batch, Heads, New, HeadDim)>, k: &Tensor<(Batch, Heads, Keys, HeadDim)>) {
    let y = attention(q, k, k, &Causal);
}

fn main() {}
