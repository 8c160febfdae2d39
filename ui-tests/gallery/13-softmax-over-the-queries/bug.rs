#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::dims;

dims! { Queries = 3; Keys = 3; HeadDim = 2; }

fn main() {
    let (scores, values) = (wave((Queries, Keys)), wave((Keys, HeadDim)));
    let y = scores.softmax(Queries).matmul(&values);
    assert_close(&y, &[0.15372, 0.0147561, -0.118757, -0.0236173, -0.0112961, -0.118059]);
}
