#[path = "../common.rs"]
mod common;

use common::{assert_close, count};
use congruent::dim::numbers::U1;
use congruent::{Plus, Tensor, dims};

dims! { Batch = 1; Patches = 3; Positions = 16; Embed = 2; }

fn main() {
    let (patches, token) = (Tensor::zeros((Batch, Patches, Embed)), Tensor::zeros((Batch, U1, Embed)));
    let table = count((Positions, Embed)) + 1.0;
    let x = token.concat(U1, &patches) + table.prefix(Positions, Plus(U1, Patches));
    assert_close(&x, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
}
