#[path = "../common.rs"]
mod common;

use common::assert_close;
use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 1; Seq = 3; Embed = 1; }

fn main() {
    let states = Tensor::from_slice((Batch, Ragged(Seq), Embed), &[-2.0, -1.0, 0.0]).unwrap();
    let lengths = Lengths::new(Batch, Ragged(Seq), &[2]).unwrap();
    assert_close(&states.masked_max(&lengths), &[-1.0]);
}
