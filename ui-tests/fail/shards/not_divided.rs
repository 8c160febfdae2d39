use congruent::mesh::Mesh;
use congruent::prelude::*;

dims! { Model = 3; Hidden = 10; }

fn wrong(mesh: Mesh<(Model,)>) {
    let hidden = mesh.shard(Hidden, Model);
}

fn main() {}
