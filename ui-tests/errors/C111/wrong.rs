use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Hidden = 8; }

fn main() {
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let device = mesh.device();
        let x = Tensor::ones((Batch, Hidden)).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let _y = x.partial_sum(Hidden).all_reduce();
    });
}
