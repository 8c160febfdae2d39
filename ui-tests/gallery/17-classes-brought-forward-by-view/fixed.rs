#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::{Ids, dims};

dims! { Batch = 1; Seq = 3; Classes = 4; }

fn main() {
    let logits = wave((Batch, Seq, Classes));
    let targets = Ids::new((Batch, Seq), Classes, &[0, 1, 2]).unwrap();
    let chosen = logits.log_softmax(Classes).gather(&targets);
    assert_close(&-chosen.mean(Seq), &[1.72043]);
}
