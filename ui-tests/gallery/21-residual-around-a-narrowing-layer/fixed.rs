#[path = "../common.rs"]
mod common;

use common::{assert_close, count};
use congruent::nn::Linear;
use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 4; }

fn main() {
    // Each output is the input beside it, so that no number is that of a stretched layer.
    let weight = Tensor::from_fn((Embed, Embed), |[to, from]| if (to + 1) % 4 == from { 1.0 } else { 0.0 });
    let layer = Linear { weight, bias: None };
    let x = count((Batch, Embed));
    assert_close(&(&x + layer.forward(&x)), &[1.0, 3.0, 5.0, 3.0, 9.0, 11.0, 13.0, 11.0]);
}
