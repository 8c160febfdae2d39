#[path = "../common.rs"]
mod common;

use common::assert_close;
use congruent::mask::{Combine, Segments};
use congruent::nn::attention;
use congruent::{Causal, Packed, Tensor, dims};

dims! { Batch = 1; Heads = 1; Seq = 4; HeadDim = 1; }

fn main() {
    // Two texts of two tokens.
    let segments = Segments::new(Batch, Packed(Seq), &[[2, 2]]).unwrap();
    let q = Tensor::ones((Batch, Heads, Packed(Seq), HeadDim));
    let v = Tensor::from_slice((Batch, Heads, Packed(Seq), HeadDim), &[100.0, 100.0, 1.0, 1.0]).unwrap();
    assert_close(&attention(&q, &q, &v, &Causal.and(segments)), &[100.0, 100.0, 1.0, 1.0]);
}
