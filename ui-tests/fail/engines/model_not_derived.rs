//! A structure of layers goes nowhere unless it is a module.

#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::LayerNorm;
use congruent::prelude::*;
use other::Other;

dims! { Embed = 4; }

struct Model<B: Backend = Cpu<f32>> {
    norm: LayerNorm<Embed, B>,
}

fn main() {
    let model: Model = Model { norm: LayerNorm::new(Embed, 1e-5) };
    let there = model.to_engine::<Other<f32>>(&Default::default());
}
