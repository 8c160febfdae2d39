#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::dims;

dims! { Queries = 3; Keys = 3; HeadDim = 2; }

fn main() {
    let (scores, values) = (wave((Queries, Keys)), wave((Keys, HeadDim)));
    let y = scores.softmax(Keys).matmul(&values);
    assert_close(&y, &[0.20123, -0.0153208, -0.171744, -0.0464834, 0.0905162, -0.114765]);
}
