use congruent::{Tensor, Times, dims};

dims! { Batch = 2; Heads = 2; Queries = 2; Keys = 2; }

fn mask(scores: &Tensor<(Batch, Heads, Queries, Keys)>, bias: &Tensor<(Batch, Queries, Keys)>) {
    let folded: Tensor<(Times<Batch, Heads>, Queries, Keys)> = scores.merge(Batch, Heads);
    let repeated = bias.expand(Heads).merge(Heads, Batch);
    let masked = folded + repeated;
}

fn main() {}
