use congruent::dim::Shard;
use congruent::nn::cross_entropy;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Vocab = 8; }

fn wrong(logits: Tensor<(Batch, Shard<Vocab, Model>)>, labels: Ids<(Batch,), Shard<Vocab, Model>>) {
    let loss = cross_entropy(&logits, &labels);
}

fn main() {}
