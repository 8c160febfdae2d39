use congruent::dim::Shard;
use congruent::mesh::{OnMesh, RingAttention};
use congruent::prelude::*;

dims! { Context = 2; Batch = 2; Heads = 3; Seq = 4; Patches = 4; HeadDim = 8; }

type On<S> = Tensor<S, OnMesh<Cpu<f32>>>;

fn wrong(q: On<(Batch, Heads, Shard<Seq, Context>, HeadDim)>, patches: Shard<Patches, Context>) {
    let y = attention(&q, &q, &q, &RingAttention::new(patches, Full));
}

fn main() {}
