#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::attention;
use congruent::{Lengths, Ragged, dims};

dims! { Batch = 1; Heads = 1; Seq = 3; HeadDim = 2; }

fn main() {
    // The lengths say which positions are valid. There is nothing to turn round.
    let x = wave((Batch, Heads, Ragged(Seq), HeadDim));
    let lengths = Lengths::new(Batch, Ragged(Seq), &[2]).unwrap();
    let right = [0.712448, 0.602357, 0.355008, -0.247975, 0.357638, -0.241716];
    assert_close(&attention(&x, &x, &x, &lengths), &right);
}
