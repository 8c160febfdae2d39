use congruent::dim::Shard;
use congruent::mesh::OnMesh;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Hidden = 8; }

fn wrong(x: &Tensor<(Batch, Shard<Hidden, Model>), OnMesh<Cpu<f32>>>, batch: Shard<Batch, Model>) {
    let y = x.shard(batch);
}

fn main() {}
