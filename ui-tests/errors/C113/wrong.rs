use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Hidden = 8; Embed = 3; }

fn main() {
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let device = mesh.device();
        let hidden = mesh.shard(Hidden, Model);
        let x = Tensor::ones((Batch, hidden)).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let w = Tensor::ones((hidden, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let bias = Tensor::ones((Embed,)).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let _y = x.partial_matmul(&w) + bias;
    });
}
