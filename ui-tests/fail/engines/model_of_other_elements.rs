#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::LayerNorm;
use congruent::prelude::*;
use other::Other;

dims! { Embed = 4; }

fn main() {
    let norm = LayerNorm::new(Embed, 1e-5);
    let there = norm.to_engine::<Other<f64>>(&Default::default());
}
