#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::io::{SafeTensors, Weights, load_on};
use congruent::nn::Linear;
use congruent::prelude::*;
use other::Other;

dims! { Embed = 4; Hidden = 8; }

struct Model {
    layer: Linear<Embed, Hidden>,
}

fn main() {
    let file = SafeTensors::open("model.safetensors").unwrap();
    let build = |weights: Weights<f32, Other<f32>>| Model { layer: Linear::load(&weights, Embed, Hidden) };
    let model = load_on::<Other<f32>, _>(&file, &Default::default(), build).unwrap();
}
