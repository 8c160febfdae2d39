use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::{Cpu, Create, Tensor, dims};

dims! { Model = 2; Batch = 2; Hidden = 4; Embed = 3; }

fn main() {
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let (hidden, device) = (mesh.shard(Hidden, Model), mesh.device());
        let x = Tensor::ones((Batch, hidden)).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let [routed, shared] =
            [1.0, 10.0].map(|w| Tensor::full((hidden, Embed), w).to_engine::<OnMesh<Cpu<f32>>>(&device));
        let y = x.partial_matmul(&routed).all_reduce() + x.partial_matmul(&shared).all_reduce();
        assert_eq!(y.to_vec(), [44.0; 6]);
    });
}
