#[path = "../common.rs"]
mod common;

use common::{assert_close, count};
use congruent::nn::attention;
use congruent::{Lengths, Ragged, Tensor, Times, dims};

dims! { Batch = 1; Seq = 2; Embed = 4; Heads = 2; HeadDim = 2; }

fn main() {
    let x = count((Batch, Ragged(Seq), Embed));
    let heads: Tensor<(Batch, Heads, Ragged<Seq>, HeadDim)> = x.relabel(Embed, Times(Heads, HeadDim)).split_heads();
    assert_close(&heads, &[0.0, 1.0, 4.0, 5.0, 2.0, 3.0, 6.0, 7.0]);
    let lengths = Lengths::new(Batch, Ragged(Seq), &[2]).unwrap();
    assert_eq!(attention(&heads, &heads, &heads, &lengths).sizes(), [1, 2, 2, 2]);
}
