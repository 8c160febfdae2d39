#[path = "../common.rs"]
mod common;

use common::assert_close;
use congruent::nn::kl_divergence;
use congruent::{Tensor, dims};

dims! { Batch = 1; Classes = 3; }

fn main() {
    let logits = Tensor::from_nested((Batch, Classes), [[1.0, 2.0, 3.0]]);
    let (student, teacher) = (logits.log_softmax(Classes), logits.log_softmax(Classes));
    assert_close(&kl_divergence(&student, &teacher, Classes).mean(Batch), &[0.0]);
}
