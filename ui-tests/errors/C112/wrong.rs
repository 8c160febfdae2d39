use congruent::mesh::{Mesh, in_threads};
use congruent::prelude::*;

dims! { Model = 3; Hidden = 10; }

fn main() {
    in_threads(3, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let _hidden = mesh.shard(Hidden, Model);
    });
}
