use congruent::dim::Shard;
use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Embed = 4; Hidden = 8; }

fn wrong(x: Tensor<(Batch, Shard<Hidden, Model>)>, layer: Linear<Hidden, Embed>) {
    let y = layer.forward(&x);
}

fn main() {}
