#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::prelude::*;
use other::Other;

dims! { Embed = 4; }

fn main() {
    let model = Tensor::ones((Embed,)).tracked();
    let there = model.to_engine::<Other<f32>>(&Default::default()).tracked();
    let mut gradients = model.square().sum(Embed).backward();
    gradients.accumulate(&model, &there.square().sum(Embed).backward());
}
