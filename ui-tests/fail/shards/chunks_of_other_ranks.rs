use congruent::dim::Shard;
use congruent::mesh::OnMesh;
use congruent::{Cpu, Tensor, Times, dims};

dims! { Model = 2; Batch = 2; Heads = 4; HeadDim = 4; }

/// A list of the heads of one rank, which says of none whose it is.
fn listed(x: &Tensor<(Batch, Times<Shard<Heads, Model>, HeadDim>), OnMesh<Cpu<f32>>>, heads: Shard<Heads, Model>) {
    let heads = x.chunks(Times(heads, HeadDim));
}

fn main() {}
