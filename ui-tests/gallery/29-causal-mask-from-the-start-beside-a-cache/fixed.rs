#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::attention;
use congruent::{Causal, Plus, dims};

dims! { Batch = 1; Heads = 1; Past = 3; New = 1; HeadDim = 2; }

fn main() {
    let q = wave((Batch, Heads, New, HeadDim));
    let k = wave((Batch, Heads, Plus(Past, New), HeadDim));
    assert_close(&attention(&q, &k, &k, &Causal), &[0.575487, 0.698728]);
}
