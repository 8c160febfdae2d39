use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Hidden = 8; Inner = 12; }

fn wrong(x: Tensor<(Batch, Shard<Hidden, Model>)>, hidden: Shard<Hidden, Model>, inner: Shard<Inner, Model>) {
    let y = x.relabel(hidden, inner);
}

fn main() {}
