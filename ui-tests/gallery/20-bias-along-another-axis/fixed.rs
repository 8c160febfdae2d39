#[path = "../common.rs"]
mod common;

use common::{assert_close, count};
use congruent::{Tensor, dims};

dims! { Queries = 3; Keys = 3; }

fn main() {
    let scores = Tensor::zeros((Queries, Keys));
    let bias = count((Queries,)).expand(Keys).transpose(Keys, Queries);
    assert_close(&(scores + bias), &[0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
}
