use congruent::{Tensor, dims};

dims! { Batch = 2; Heads = 2; Queries = 2; Keys = 2; }

fn mask(scores: &Tensor<(Batch, Heads, Queries, Keys)>, bias: &Tensor<(Batch, Queries, Keys)>) {
    let masked = scores + bias;
}

fn main() {}
