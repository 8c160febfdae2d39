use congruent::dim::Shard;
use congruent::mesh::{AllToAllAttention, Mesh, OnMesh};
use congruent::prelude::*;

dims! { Context = 2; Batch = 2; Heads = 3; Seq = 4; HeadDim = 8; }

type On<S> = Tensor<S, OnMesh<Cpu<f32>>>;

fn wrong(mesh: Mesh<(Context,)>, q: On<(Batch, Heads, Shard<Seq, Context>, HeadDim)>) {
    let mask = AllToAllAttention::new(mesh.shard(Seq, Context), mesh.shard(Heads, Context), Causal);
    let y = attention(&q, &q, &q, &mask);
}

fn main() {}
