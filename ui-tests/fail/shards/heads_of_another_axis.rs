use congruent::dim::Shard;
use congruent::mesh::{AllToAllAttention, OnMesh};
use congruent::prelude::*;

dims! { Context = 2; Model = 2; Batch = 2; Heads = 4; Seq = 4; HeadDim = 8; }

type On<S> = Tensor<S, OnMesh<Cpu<f32>>>;

fn wrong(
    q: On<(Batch, Heads, Shard<Seq, Context>, HeadDim)>,
    seq: Shard<Seq, Context>,
    heads: Shard<Heads, Model>,
) {
    let y = attention(&q, &q, &q, &AllToAllAttention::new(seq, heads, Causal));
}

fn main() {}
