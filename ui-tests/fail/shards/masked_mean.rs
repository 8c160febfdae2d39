use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Context = 2; Batch = 2; Seq = 4; Embed = 3; }

fn wrong(x: Tensor<(Batch, Ragged<Shard<Seq, Context>>, Embed)>, lengths: Lengths<Batch, Ragged<Shard<Seq, Context>>>) {
    let y = x.masked_mean(&lengths);
}

fn main() {}
