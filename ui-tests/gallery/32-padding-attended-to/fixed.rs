#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::attention;
use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 1; Heads = 1; Seq = 3; Valid = 2; HeadDim = 2; }

fn main() {
    let mut numbers = wave((Batch, Heads, Seq, HeadDim)).to_vec();
    numbers[4..].fill(9.0); // padding: the sequence has 2 tokens
    let x = Tensor::from_vec((Batch, Heads, Ragged(Seq), HeadDim), numbers).unwrap();
    let lengths = Lengths::new(Batch, Ragged(Seq), &[2]).unwrap();
    let y = attention(&x, &x, &x, &lengths);
    assert_close(
        &y.at(Heads, 0).unwrap().fill_padding(&lengths, 0.0).prefix(Seq, Valid),
        &[0.712448, 0.602357, 0.355008, -0.247975],
    );
}
