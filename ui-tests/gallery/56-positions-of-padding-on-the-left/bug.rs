#[path = "../common.rs"]
mod common;

use common::count;
use congruent::nn::attention;
use congruent::{Allowed, Cpu, Create, Ids, Tensor, dims};

dims! { Batch = 1; Heads = 1; Seq = 4; Positions = 16; Vocab = 10; Embed = 1; }

fn main() {
    // Two ids of padding, and a text of two.
    let ids = Ids::new((Batch, Seq), Vocab, &[0, 0, 5, 6]).unwrap();
    let words = Tensor::zeros((Vocab, Embed));
    let x = words.lookup(&ids) + count((Positions, Embed)).prefix(Positions, Seq);
    let x = x.expand(Heads).transpose(Heads, Batch);
    let valid = Cpu::<bool>::from_fn((Seq, Seq), |[query, key]| key <= query && key >= 2);
    let y = attention(&x, &x, &x, &Allowed::new(valid)).to_vec();
    assert!((y[2] - 2.0).abs() < 1e-5 && (y[3] - 2.952574).abs() < 1e-5);
}
