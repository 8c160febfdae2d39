use congruent::dim::Shard;
use congruent::mesh::RingAttention;
use congruent::prelude::*;

dims! { Context = 2; Batch = 2; Heads = 3; Seq = 4; HeadDim = 8; }

fn wrong(q: Tensor<(Batch, Heads, Shard<Seq, Context>, HeadDim)>, seq: Shard<Seq, Context>) {
    let y = attention(&q, &q, &q, &RingAttention::new(seq, Causal));
}

fn main() {}
