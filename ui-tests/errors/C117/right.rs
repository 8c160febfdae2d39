use congruent::mesh::{Alone, Mesh, OnMesh};
use congruent::optim::{AdamW, Optimizer};
use congruent::prelude::*;
use std::sync::Arc;

dims! { Data = 1; Embed = 8; }

fn main() {
    let mesh = Mesh::new(Arc::new(Alone), (Data,)).unwrap();
    let mut model = Tensor::ones((Embed,)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).tracked();
    let gradients = model.square().sum(Embed).backward();
    let mut optimizer = Optimizer::<OnMesh<Cpu<f32>>>::new(AdamW::default()).sharded(&mesh, Data);
    optimizer.step(&mut model, &gradients, 1.0);
}
