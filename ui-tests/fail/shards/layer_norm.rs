use congruent::dim::Shard;
use congruent::nn::LayerNorm;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Hidden = 8; }

fn wrong(x: Tensor<(Batch, Shard<Hidden, Model>)>, norm: LayerNorm<Shard<Hidden, Model>>) {
    let y = norm.forward(&x);
}

fn main() {}
