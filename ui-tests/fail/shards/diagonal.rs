use congruent::dim::Keys;
use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Model = 2; Seq = 8; }

fn wrong(x: Tensor<(Shard<Seq, Model>, Keys<Shard<Seq, Model>>)>, seq: Shard<Seq, Model>) {
    let y = x.diagonal(seq, Keys(seq));
}

fn main() {}
