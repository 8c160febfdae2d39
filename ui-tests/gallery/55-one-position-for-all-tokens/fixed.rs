#[path = "../common.rs"]
mod common;

use common::{assert_close, count};
use congruent::{Tensor, dims};

dims! { Batch = 1; Seq = 3; Positions = 16; Embed = 2; }

fn main() {
    let (x, table) = (Tensor::zeros((Batch, Seq, Embed)), count((Positions, Embed)));
    let placed = x + table.prefix(Positions, Seq);
    assert_close(&placed, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
}
