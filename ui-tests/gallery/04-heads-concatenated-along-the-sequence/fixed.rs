#[path = "../common.rs"]
mod common;

use common::{assert_close, count};
use congruent::{Plus, Tensor, dims};

dims! { Batch = 1; Seq = 2; HeadDim = 2; }

fn main() {
    let first = count((Batch, Seq, HeadDim));
    let joined: Tensor<(Batch, Seq, Plus<HeadDim, HeadDim>)> = first.concat(HeadDim, &(&first + 10.0));
    assert_close(&joined, &[0.0, 1.0, 10.0, 11.0, 2.0, 3.0, 12.0, 13.0]);
}
