use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Data = 2; Model = 2; Batch = 4; Hidden = 8; }

fn wrong(x: Tensor<(Batch, Shard<Hidden, Data>)>, y: Tensor<(Batch, Shard<Hidden, Model>)>) {
    let z = x + y;
}

fn main() {}
