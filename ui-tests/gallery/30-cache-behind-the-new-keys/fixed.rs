#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::attention;
use congruent::{Causal, dims};

dims! { Batch = 1; Heads = 1; Past = 3; New = 2; HeadDim = 2; }

fn main() {
    let (past, q) = (wave((Batch, Heads, Past, HeadDim)), wave((Batch, Heads, New, HeadDim)));
    let k = past.concat(Past, &(&q * 2.0));
    assert_close(&attention(&q, &k, &k, &Causal), &[1.31221, 1.39851, 0.194882, -0.587069]);
}
