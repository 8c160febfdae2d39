use congruent::dim::Shard;
use congruent::{Tensor, dims};

dims! { Model = 2; Hidden = 4; Embed = 2; }

fn clip(gradient: &Tensor<(Shard<Hidden, Model>, Embed)>) {
    let norm = gradient.square().sum_all().sqrt();
}

fn main() {}
