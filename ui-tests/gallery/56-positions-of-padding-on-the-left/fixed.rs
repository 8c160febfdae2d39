#[path = "../common.rs"]
mod common;

use common::count;
use congruent::mask::{Combine, Padded};
use congruent::nn::attention;
use congruent::{Causal, Ragged, Tensor, dims};

dims! { Batch = 1; Heads = 1; Seq = 4; Positions = 16; Vocab = 10; Embed = 1; }

fn main() {
    let padded = Padded::from_left_padded((Batch, Ragged(Seq)), Vocab, &[0, 0, 5, 6], &[0, 0, 1, 1]).unwrap();
    let words = Tensor::zeros((Vocab, Embed));
    let positions = count((Positions, Embed)).narrow(Positions, 0, Ragged(Seq)).unwrap();
    let x = words.lookup(&padded.values) + positions;
    let x = x.expand(Heads).transpose(Heads, Batch);
    let y = attention(&x, &x, &x, &Causal.and(padded.lengths)).to_vec();
    assert!(y[0].abs() < 1e-5 && (y[1] - 0.731059).abs() < 1e-5);
}
