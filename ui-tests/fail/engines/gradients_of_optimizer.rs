#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::optim::{Optimizer, Sgd};
use congruent::prelude::*;
use other::Other;

dims! { Embed = 4; }

fn main() {
    let weight = Tensor::ones((Embed,)).tracked();
    let mut there = weight.to_engine::<Other<f32>>(&Default::default()).tracked();
    let mut optimizer = Optimizer::<Other<f32>>::new(Sgd::default());
    optimizer.step(&mut there, &weight.square().sum(Embed).backward(), 1.0);
}
