//! Positions and head size exchanged.
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Embed, Ragged(Seq)));
    let y = attention(&q, &q, &q, &Full);
}
