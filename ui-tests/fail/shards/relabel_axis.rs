use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Data = 2; Model = 2; Batch = 4; Hidden = 8; }

fn wrong(x: Tensor<(Batch, Shard<Hidden, Model>)>, model: Shard<Hidden, Model>, data: Shard<Hidden, Data>) {
    let y = x.relabel(model, data);
}

fn main() {}
