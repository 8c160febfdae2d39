use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Hidden = 8; }

fn wrong(x: Tensor<(Shard<Hidden, Model>, Batch)>, hidden: Shard<Hidden, Model>) {
    let y = x.unstack_vec(hidden);
}

fn main() {}
