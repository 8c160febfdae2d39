#[path = "../common.rs"]
mod common;

use common::assert_close;
use congruent::{Ids, Lengths, Ragged, Tensor, dims};

dims! { Batch = 1; Seq = 3; Vocab = 4; }

fn main() {
    let numbers = [[0.0; 4], [0.0; 4], [0.0, 8.0, 0.0, 0.0]].concat();
    let logits = Tensor::from_vec((Batch, Ragged(Seq), Vocab), numbers).unwrap();
    let targets = Ids::new((Batch, Ragged(Seq)), Vocab, &[2, 3, 0]).unwrap();
    let lengths = Lengths::new(Batch, Ragged(Seq), &[2]).unwrap();
    let losses = -logits.log_softmax(Vocab).gather(&targets);
    let sum = losses.fill_padding(&lengths, 0.0).sum(Seq).sum(Batch);
    assert_close(&(sum / lengths.total() as f32), &[1.38629]);
}
