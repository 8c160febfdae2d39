#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::attention;
use congruent::{Full, dims};

dims! { Batch = 1; Source = 3; Target = 3; Heads = 1; HeadDim = 2; }

fn main() {
    let target = wave((Batch, Heads, Target, HeadDim));
    let source = wave((Batch, Heads, Source, HeadDim)) * 2.0;
    let y = &target + attention(&target, &source, &source, &Full);
    let right = [1.53145, 1.60452, -0.18878, -0.854459, -1.31939, -0.656895];
    assert_close(&(y - target), &right);
}
