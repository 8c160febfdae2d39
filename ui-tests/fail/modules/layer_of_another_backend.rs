//! The parameters of a model are of one element type.
use congruent::nn::LayerNorm;
use congruent::prelude::*;

dims! { Embed = 4; }

#[derive(Module)]
struct Model {
    single: LayerNorm<Embed>,
    double: LayerNorm<Embed, Cpu<f64>>,
}

fn main() {}
