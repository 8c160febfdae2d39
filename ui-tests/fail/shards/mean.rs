use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Hidden = 8; }

fn wrong(x: Tensor<(Batch, Shard<Hidden, Model>)>, hidden: Shard<Hidden, Model>) {
    let y = x.mean(hidden);
}

fn main() {}
