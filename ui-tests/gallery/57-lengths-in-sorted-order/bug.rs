#[path = "../common.rs"]
mod common;

use common::assert_close;
use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 2; Seq = 3; Embed = 1; }

fn main() {
    let states = Tensor::from_slice((Batch, Ragged(Seq), Embed), &[6.0, 0.0, 0.0, 3.0, 3.0, 3.0]).unwrap();
    let mut lengths = [1, 3];
    // For a recurrent layer, whose states are in the given order again.
    lengths.sort_by(|a, b| b.cmp(a));
    let lengths = Lengths::new(Batch, Ragged(Seq), &lengths).unwrap();
    assert_close(&states.masked_mean(&lengths), &[2.0, 3.0]);
}
