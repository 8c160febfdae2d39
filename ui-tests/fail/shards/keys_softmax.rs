use congruent::dim::Keys;
use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Context = 2; Batch = 2; Seq = 4; }

fn wrong(scores: Tensor<(Batch, Seq, Keys<Shard<Seq, Context>>)>, keys: Keys<Shard<Seq, Context>>) {
    let y = scores.softmax(keys);
}

fn main() {}
