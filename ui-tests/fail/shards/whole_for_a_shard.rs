use congruent::dim::Shard;
use congruent::io::Weights;
use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Model = 2; Embed = 4; Hidden = 8; }

fn wrong(weights: Weights<'_, f32>) {
    let layer: Linear<Embed, Shard<Hidden, Model>> =
        Linear { weight: weights.tensor("weight", (Hidden, Embed)), bias: None };
}

fn main() {}
