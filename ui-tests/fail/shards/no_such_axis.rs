use congruent::mesh::Mesh;
use congruent::prelude::*;

dims! { Data = 2; Model = 2; Hidden = 8; }

fn wrong(mesh: Mesh<(Data,)>) {
    let hidden = mesh.shard(Hidden, Model);
}

fn main() {}
