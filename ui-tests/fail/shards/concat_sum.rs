use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Context = 2; Batch = 2; Past = 3; Seq = 4; }

fn wrong(x: Tensor<(Batch, Plus<Past, Shard<Seq, Context>>)>, keys: Plus<Past, Shard<Seq, Context>>) {
    let y = x.sum(keys);
}

fn main() {}
