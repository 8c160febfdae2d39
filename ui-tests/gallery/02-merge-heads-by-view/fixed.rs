#[path = "../common.rs"]
mod common;

use common::{assert_close, count};
use congruent::{Tensor, Times, dims};

dims! { Batch = 1; Heads = 2; Seq = 2; HeadDim = 2; }

fn main() {
    let heads = count((Batch, Heads, Seq, HeadDim));
    let merged: Tensor<(Batch, Seq, Times<Heads, HeadDim>)> = heads.merge_heads();
    assert_close(&merged, &[0.0, 1.0, 4.0, 5.0, 2.0, 3.0, 6.0, 7.0]);
}
