#[path = "../common.rs"]
mod common;

use common::assert_close;
use congruent::nn::mean_of_valid;
use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 1; Seq = 4; }

fn main() {
    // A text of 4 tokens whose losses are 1, and one of a single token whose loss is 6.
    let [mean, other] = [(1.0, 4), (6.0, 1)].map(|(loss, length)| {
        let losses = Tensor::full((Batch, Ragged(Seq)), loss);
        mean_of_valid(&losses, &Lengths::new(Batch, Ragged(Seq), &[length]).unwrap()) / 2.0
    });
    assert_close(&(mean + other), &[3.5]);
}
