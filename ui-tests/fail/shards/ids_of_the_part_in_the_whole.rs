use congruent::dim::Shard;
use congruent::nn::Embedding;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Vocab = 8; Embed = 4; }

fn wrong(table: Embedding<Vocab, Embed>, ids: Ids<(Batch,), Shard<Vocab, Model>>) {
    let y = table.forward(&ids);
}

fn main() {}
