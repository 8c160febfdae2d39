use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Context = 2; Batch = 2; Heads = 3; Seq = 4; HeadDim = 8; }

fn wrong(q: Tensor<(Batch, Heads, Shard<Seq, Context>, HeadDim)>) {
    let y = attention(&q, &q, &q, &Full);
}

fn main() {}
