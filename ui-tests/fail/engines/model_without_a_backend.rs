#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::LayerNorm;
use congruent::prelude::*;
use other::Other;

dims! { Embed = 4; }

#[derive(Module)]
struct Model {
    norm: LayerNorm<Embed>,
}

fn main() {
    let model = Model { norm: LayerNorm::new(Embed, 1e-5) };
    let there = model.to_engine::<Other<f32>>(&Default::default());
}
