#[path = "../common.rs"]
mod common;

use common::assert_close;
use congruent::nn::attention;
use congruent::{Allowed, Cpu, Create, Plus, Tensor, dims};

dims! { Batch = 1; Heads = 1; Past = 4; New = 1; HeadDim = 1; }

fn main() {
    let (q, k) = (Tensor::ones((Batch, Heads, New, HeadDim)), Tensor::ones((Batch, Heads, Plus(Past, New), HeadDim)));
    let v = Tensor::from_fn((Batch, Heads, Plus(Past, New), HeadDim), |[_, _, s, _]| if s < 4 { 1.0 } else { 100.0 });
    // Each token, and the one before it.
    let window = Cpu::<bool>::from_fn((New, Plus(Past, New)), |[query, key]| key <= query && query < key + 2);
    assert_close(&attention(&q, &k, &v, &Allowed::new(window)), &[1.0]);
}
