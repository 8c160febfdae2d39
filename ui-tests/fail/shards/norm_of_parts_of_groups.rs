use congruent::dim::Shard;
use congruent::mesh::OnMesh;
use congruent::nn::GroupNorm;
use congruent::{Cpu, Tensor, Times, dims};

dims! { Model = 2; Batch = 2; Groups = 2; InGroup = 4; }

type InPart = Shard<InGroup, Model>;

/// Each rank has a part of each group, and not some of the groups.
fn normalized(
    layer: &GroupNorm<Groups, InPart, OnMesh<Cpu<f32>>>,
    x: &Tensor<(Batch, Times<Groups, InPart>), OnMesh<Cpu<f32>>>,
) {
    let y = layer.forward(x);
}

fn main() {}
