use congruent::{Tensor, dims};

dims! { Queries = 3; Keys = 3; }

fn shift(scores: &Tensor<(Queries, Keys)>, bias: &Tensor<(Queries,)>) {
    let y = scores + bias;
}

fn main() {}
