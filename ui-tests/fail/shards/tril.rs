use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Model = 2; Queries = 4; Seq = 8; }

fn wrong(x: Tensor<(Queries, Shard<Seq, Model>)>, seq: Shard<Seq, Model>) {
    let y = x.tril(Queries, seq, 0);
}

fn main() {}
