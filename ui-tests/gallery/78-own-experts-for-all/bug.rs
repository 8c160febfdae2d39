use congruent::dim::Shard;
use congruent::io::Weights;
use congruent::{Tensor, dims};

dims! { Model = 2; Experts = 4; Embed = 2; }

fn resumed(weights: &Weights<'_, f32>) -> Tensor<(Shard<Experts, Model>, Embed)> {
    weights.tensor("experts", (Experts, Embed))
}

fn main() {}
