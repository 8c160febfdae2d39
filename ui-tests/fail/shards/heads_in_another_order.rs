use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Model = 2; Batch = 2; Seq = 5; Heads = 4; HeadDim = 3; }

fn wrong(x: Tensor<(Batch, Seq, Shard<Times<Heads, HeadDim>, Model>)>, merged: Shard<Times<Heads, HeadDim>, Model>, heads: Shard<Heads, Model>) {
    let y = x.relabel(merged, Times(HeadDim, heads));
}

fn main() {}
