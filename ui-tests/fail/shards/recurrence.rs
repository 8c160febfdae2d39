use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Context = 2; Batch = 2; Seq = 4; }

fn wrong(x: Tensor<(Batch, Ragged<Shard<Seq, Context>>)>, seq: Shard<Seq, Context>) {
    let y = x.linear_recurrence(Ragged(seq), &x);
}

fn main() {}
