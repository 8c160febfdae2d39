#[path = "../common.rs"]
mod common;

use common::{assert_close, count};
use congruent::dim::Dim;
use congruent::{Tensor, dims};

dims! { Batch = 1; Seq = 3; Positions = 16; Embed = 2; }

fn main() {
    let (x, table) = (Tensor::zeros((Batch, Seq, Embed)), count((Positions, Embed)));
    let placed = x + table.at(Positions, Seq.size()).unwrap();
    assert_close(&placed, &[6.0, 7.0, 6.0, 7.0, 6.0, 7.0]);
}
