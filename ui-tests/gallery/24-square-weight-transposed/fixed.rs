#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::Linear;
use congruent::{Times, dims};

dims! { Batch = 2; Embed = 2; Heads = 1; HeadDim = 2; }

fn main() {
    let stored = wave((Times(Heads, HeadDim), Embed));
    let layer = Linear { weight: stored.transpose(Times(Heads, HeadDim), Embed), bias: None };
    let y = layer.forward(&wave((Batch, Times(Heads, HeadDim))));
    assert_close(&y, &[0.836393, 0.0769888, 0.0119484, 0.70107]);
}
