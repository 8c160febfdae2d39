use congruent::dim::Shard;
use congruent::{Tensor, dims};

dims! { Model = 2; Batch = 2; Vocab = 4; }

fn smoothing(log_probabilities: &Tensor<(Batch, Shard<Vocab, Model>)>, vocab: Shard<Vocab, Model>) {
    let loss = -log_probabilities.mean(vocab);
}

fn main() {}
