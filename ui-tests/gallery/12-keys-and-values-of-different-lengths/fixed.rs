#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::attention;
use congruent::{Full, dims};

dims! { Batch = 1; Heads = 1; Queries = 3; Keys = 4; HeadDim = 2; }

fn main() {
    let q = wave((Batch, Heads, Queries, HeadDim));
    let (k, v) = (wave((Batch, Heads, Keys, HeadDim)), wave((Batch, Heads, Keys, HeadDim)));
    let right = [0.575487, 0.698728, 0.0460392, -0.0556567, -0.257194, -0.101441];
    assert_close(&attention(&q, &k, &v, &Full), &right);
}
