#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::attention;
use congruent::{Full, dims};

dims! { Batch = 1; Seq = 3; Heads = 2; HeadDim = 2; }

fn main() {
    let x = wave((Batch, Seq, Heads, HeadDim)).transpose(Seq, Heads);
    let y = attention(&x, &x, &x, &Full).transpose(Heads, Seq);
    let right = [
        0.556019, 0.477674, -0.172355, -0.350402, -0.35853, -0.178013, 0.381304, 0.523554, 0.167061, -0.0550628,
        -0.492782, -0.441225,
    ];
    assert_close(&y, &right);
}
