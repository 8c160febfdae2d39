#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::Linear;
use congruent::{Times, dims};

dims! { Batch = 2; Embed = 2; Heads = 1; HeadDim = 2; }

fn main() {
    // Stored as (in, out), and taken for (out, in).
    let weight = wave((Embed, Times(Heads, HeadDim)));
    let layer = Linear { weight, bias: None };
    let y = layer.forward(&wave((Batch, Times(Heads, HeadDim))));
    assert_close(&y, &[1.5349, -0.56941, -0.56941, 0.592665]);
}
