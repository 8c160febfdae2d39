#[path = "../common.rs"]
mod common;

use common::assert_close;
use congruent::{Ids, Tensor, dims};

dims! { Batch = 1; Seq = 4; Vocab = 4; }

fn main() {
    let prompt = Ids::new((Batch, Seq), Vocab, &[0, 1, 2, 3]).unwrap();
    // Of a model that is all but certain of what follows.
    let logits = Tensor::from_fn((Batch, Seq, Vocab), |[_, s, v]| if v == (s + 1) % 4 { 9.0 } else { 0.0 });
    assert_close(&logits.log_softmax(Vocab).gather(&prompt), &[-9.00037; 4]);
}
