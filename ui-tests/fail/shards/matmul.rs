use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Hidden = 8; Embed = 3; }

fn wrong(x: Tensor<(Batch, Shard<Hidden, Model>)>, w: Tensor<(Shard<Hidden, Model>, Embed)>) {
    let y = x.matmul(&w);
}

fn main() {}
