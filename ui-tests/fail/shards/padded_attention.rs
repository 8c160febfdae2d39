use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Context = 2; Batch = 2; Heads = 3; Seq = 4; HeadDim = 8; }

fn wrong(q: Tensor<(Batch, Heads, Ragged<Shard<Seq, Context>>, HeadDim)>, lengths: Lengths<Batch, Ragged<Shard<Seq, Context>>>) {
    let y = attention(&q, &q, &q, &lengths);
}

fn main() {}
