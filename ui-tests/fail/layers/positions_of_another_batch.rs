//! Positions of one sequence, for a batch.
use congruent::nn::{GroupedQueryAttention, Rotary};
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Embed = 4; Heads = 2; HeadDim = 2; Positions = 16; }

fn attended(
    layer: &GroupedQueryAttention<Embed, Heads, Heads, HeadDim>,
    x: &Tensor<(Batch, Seq, Embed)>,
    rotary: &Rotary<Positions, HeadDim>,
    positions: &Ids<(Seq,), Positions>,
) {
    layer.forward(x, rotary, positions, &Causal);
}

fn main() {}
