use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::prelude::*;

dims! { Model = 3; Hidden = 10; PaddedHidden = 12; Padding = 2; }

fn main() {
    in_threads(3, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let device = mesh.device();
        let hidden = mesh.shard(PaddedHidden, Model);
        let x = Tensor::ones((Hidden,)).pad(Hidden, N::<0>, Padding, 0.0).relabel(At::<0>, PaddedHidden);
        let x = x.to_engine::<OnMesh<Cpu<f32>>>(&device).shard(hidden);
        assert_eq!(x.partial_sum(hidden).all_reduce().scalar(), 10.0);
    });
}
