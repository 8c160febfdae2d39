use congruent::nn::attention;
use congruent::{Causal, Tensor, dims};

dims! { Batch = 1; Heads = 1; Past = 3; New = 2; HeadDim = 2; }

fn step(
    q: &Tensor<(Batch, Heads, New, HeadDim)>,
    past: &Tensor<(Batch, Heads, Past, HeadDim)>,
    new: &Tensor<(Batch, Heads, New, HeadDim)>,
) {
    let k = new.concat(New, past);
    let y = attention(q, &k, &k, &Causal);
}

fn main() {}
