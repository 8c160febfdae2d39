use congruent::dim::Shard;
use congruent::nn::AdaptedLinear;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Hidden = 8; Embed = 3; Rank = 1; }

fn wrong(x: Tensor<(Batch, Shard<Hidden, Model>)>, layer: AdaptedLinear<Shard<Hidden, Model>, Embed, Rank>) {
    let y = layer.forward(&x);
}

fn main() {}
