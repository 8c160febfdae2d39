#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::{Linear, MultiHeadAttention};
use congruent::{Lengths, Ragged, Tensor, Times, dims};

dims! { Batch = 3; Seq = 3; Embed = 2; Heads = 1; HeadDim = 2; }

fn main() {
    let merged = Times(Heads, HeadDim);
    let unit = [[1.0, 0.0], [0.0, 1.0]];
    let project = Linear { weight: Tensor::from_nested((merged, Embed), unit), bias: None };
    let output = Linear { weight: Tensor::from_nested((Embed, merged), unit), bias: None };
    let layer = MultiHeadAttention { query: project.clone(), key: project.clone(), value: project, output };

    let x = wave((Batch, Ragged(Seq), Embed));
    let lengths = Lengths::new(Batch, Ragged(Seq), &[3, 3, 3]).unwrap();
    let right = [
        0.519988, 0.500821, -0.0723745, -0.258201, -0.392765, -0.263204, 0.425767, 0.50379, 0.0631803, -0.137176,
        -0.47541, -0.366625, 0.3161, 0.43942, 0.19762, 0.00258103, -0.512707, -0.474885,
    ];
    assert_close(&layer.forward(&x, &lengths), &right);
}
