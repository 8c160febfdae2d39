#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::{At, dims};

dims! { Seq = 3; HeadDim = 2; }

fn main() {
    let (scores, values) = (wave((Seq, Seq)), wave((Seq, HeadDim)));
    let y = scores.softmax(At::<1>).matmul(&values);
    assert_close(&y, &[0.20123, -0.0153208, -0.171744, -0.0464834, 0.0905162, -0.114765]);
}
