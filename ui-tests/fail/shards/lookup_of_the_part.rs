use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Vocab = 8; Embed = 4; }

fn wrong(table: Tensor<(Shard<Vocab, Model>, Embed)>, ids: Ids<(Batch,), Shard<Vocab, Model>>) {
    let y = table.lookup(&ids);
}

fn main() {}
