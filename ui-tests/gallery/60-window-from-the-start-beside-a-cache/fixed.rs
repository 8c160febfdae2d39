#[path = "../common.rs"]
mod common;

use common::assert_close;
use congruent::mask::SlidingWindow;
use congruent::nn::attention;
use congruent::{Plus, Tensor, dims};

dims! { Batch = 1; Heads = 1; Past = 4; New = 1; HeadDim = 1; }

fn main() {
    let (q, k) = (Tensor::ones((Batch, Heads, New, HeadDim)), Tensor::ones((Batch, Heads, Plus(Past, New), HeadDim)));
    let v = Tensor::from_fn((Batch, Heads, Plus(Past, New), HeadDim), |[_, _, s, _]| if s < 4 { 1.0 } else { 100.0 });
    assert_close(&attention(&q, &k, &v, &SlidingWindow(2)), &[50.5]);
}
