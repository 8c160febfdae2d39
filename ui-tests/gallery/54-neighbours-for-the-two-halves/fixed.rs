#[path = "../common.rs"]
mod common;

use common::{assert_close, count};
use congruent::dim::numbers::U1;
use congruent::{Plus, dims};

dims! { Batch = 4; Embed = 1; }

fn main() {
    let doubled = count((Batch, Embed)).concat(Batch, &(count((Batch, Embed)) + 100.0));
    let (without, with) = doubled.unconcat(Plus(Batch, Batch));
    let sample = 1;
    let [without, with] = [without, with].map(|half| half.narrow(Batch, sample, U1).unwrap());
    assert_close(&without.concat(U1, &with), &[1.0, 101.0]);
}
