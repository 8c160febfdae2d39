use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Context = 2; Batch = 2; Seq = 4; }

fn wrong(x: Tensor<(Batch, Ragged<Shard<Seq, Context>>)>, lengths: Lengths<Batch, Ragged<Shard<Seq, Context>>>) {
    let y = x.masked_scan(&lengths, Tensor::zeros((Batch,)), |sum, x| (&sum + &x, sum + x));
}

fn main() {}
