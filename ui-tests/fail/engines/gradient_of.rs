#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::prelude::*;
use other::Other;

dims! { Embed = 4; }

fn main() {
    let x = Tensor::ones((Embed,)).tracked();
    let there = x.to_engine::<Other<f32>>(&Default::default()).tracked();
    let gradient = x.square().sum(Embed).backward().of(&there);
}
