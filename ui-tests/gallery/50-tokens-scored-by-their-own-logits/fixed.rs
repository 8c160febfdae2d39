#[path = "../common.rs"]
mod common;

use common::assert_close;
use congruent::nn::next_token_log_probabilities;
use congruent::{Ids, Tensor, dims};

dims! { Batch = 1; Seq = 4; Vocab = 4; }

fn main() {
    let prompt = Ids::new((Batch, Seq), Vocab, &[0, 1, 2, 3]).unwrap();
    let logits = Tensor::from_fn((Batch, Seq, Vocab), |[_, s, v]| if v == (s + 1) % 4 { 9.0 } else { 0.0 });
    assert_close(&next_token_log_probabilities(&logits, &prompt), &[-0.00037; 3]);
}
