#[path = "../common.rs"]
mod common;

use common::assert_close;
use congruent::{Tensor, dims};

dims! { Batch = 2; Negatives = 2; }

fn main() {
    let similarities = Tensor::from_nested((Batch, Negatives), [[1.0, 0.0], [0.0, 81.0]]);
    let largest = similarities.max(Negatives).expand_as(&similarities, Negatives);
    assert_close(&(&similarities - largest), &[0.0, -1.0, -81.0, 0.0]);
}
