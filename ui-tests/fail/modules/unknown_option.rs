//! There is no such option.
use congruent::nn::LayerNorm;
use congruent::prelude::*;

dims! { Embed = 4; }

#[derive(Module)]
struct Model {
    #[module(ignore)]
    norm: LayerNorm<Embed>,
}

fn main() {}
