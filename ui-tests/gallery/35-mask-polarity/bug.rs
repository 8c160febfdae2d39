#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::attention;
use congruent::{Allowed, Cpu, Create, dims};

dims! { Batch = 1; Heads = 1; Seq = 3; HeadDim = 2; }

fn main() {
    let x = wave((Batch, Heads, Seq, HeadDim));
    // True where there is padding, and taken for what is allowed.
    let padding = Cpu::<bool>::from_fn((Seq, Seq), |[_, key]| key == 2);
    let y = attention(&x, &x, &x, &Allowed::new(padding));
    assert_close(&y, &[-0.958924, -0.279415, -0.958924, -0.279415, -0.958924, -0.279415]);
}
