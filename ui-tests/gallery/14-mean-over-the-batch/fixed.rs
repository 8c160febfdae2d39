#[path = "../common.rs"]
mod common;

use common::{assert_close, count};
use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 2; Embed = 3; }

fn main() {
    let mean: Tensor<(Batch, Embed)> = count((Batch, Seq, Embed)).mean(Seq);
    assert_close(&mean, &[1.5, 2.5, 3.5, 7.5, 8.5, 9.5]);
}
