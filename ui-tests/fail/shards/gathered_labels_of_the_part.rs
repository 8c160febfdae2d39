use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Vocab = 8; }

fn wrong(scores: Tensor<(Batch, Shard<Vocab, Model>)>, labels: Ids<(Batch,), Shard<Vocab, Model>>) {
    let chosen = scores.gather(&labels);
}

fn main() {}
