#[path = "../common.rs"]
mod common;

use common::{assert_close, count};
use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 2; Embed = 3; }

fn main() {
    let first: Tensor<(Batch, Embed)> = count((Batch, Seq, Embed)).at(Seq, 0).unwrap();
    assert_close(&first, &[0.0, 1.0, 2.0, 6.0, 7.0, 8.0]);
}
