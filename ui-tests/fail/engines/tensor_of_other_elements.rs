//! Going to another engine converts nothing.

#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::prelude::*;
use other::Other;

dims! { Embed = 4; }

fn main() {
    let x = Tensor::ones((Embed,));
    let there = x.to_engine::<Other<f64>>(&Default::default());
}
