use congruent::mesh::{Mesh, OnMesh};
use congruent::optim::{AdamW, Optimizer};
use congruent::prelude::*;

dims! { Data = 2; Model = 2; Embed = 8; }

fn wrong(mesh: Mesh<(Data,)>) {
    let optimizer = Optimizer::<OnMesh<Cpu<f32>>>::new(AdamW::default()).sharded(&mesh, Model);
}

fn main() {}
