#[path = "../common.rs"]
mod common;

use common::{assert_close, count};
use congruent::dim::numbers::U2;
use congruent::{Plus, dims};

dims! { Batch = 4; Embed = 1; }

fn main() {
    // Without a condition, and with it.
    let doubled = count((Batch, Embed)).concat(Batch, &(count((Batch, Embed)) + 100.0));
    let sample = 1;
    assert_close(&doubled.narrow(Plus(Batch, Batch), 2 * sample, U2).unwrap(), &[2.0, 3.0]);
}
