#[path = "../common.rs"]
mod common;

use common::{assert_close, count, wave};
use congruent::mask::relative_ids;
use congruent::nn::attention_with_bias;
use congruent::{Causal, Plus, dims};

dims! { Batch = 1; Heads = 1; Past = 4; New = 1; HeadDim = 2; Buckets = 8; }

fn main() {
    let (q, k) = (wave((Batch, Heads, New, HeadDim)), wave((Batch, Heads, Plus(Past, New), HeadDim)));
    let keys = Plus(Past, New);
    let ids = relative_ids(New, keys, Buckets, |distance| distance.unsigned_abs() as u32).unwrap();
    let bias = (-count((Buckets, Heads))).lookup(&ids).permute((Heads, New, keys));
    assert_close(&attention_with_bias(&q, &k, &k, &bias, &Causal), &[0.497816, 0.256176]);
}
