use congruent::nn::attention;
use congruent::{Full, Tensor, dims};

dims! { Batch = 1; Heads = 1; Queries = 3; Keys = 4; Values = 5; HeadDim = 2; }

fn attend(
    q: &Tensor<(Batch, Heads, Queries, HeadDim)>,
    k: &Tensor<(Batch, Heads, Keys, HeadDim)>,
    v: &Tensor<(Batch, Heads, Values, HeadDim)>,
) {
    let y = attention(q, k, v, &Full);
}

fn main() {}
