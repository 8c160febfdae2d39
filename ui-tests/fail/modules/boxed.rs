//! A box is a module by another name.
use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Embed = 4; }

#[derive(Module)]
struct Model {
    layer: Box<Linear<Embed, Embed>>,
}

fn main() {}
