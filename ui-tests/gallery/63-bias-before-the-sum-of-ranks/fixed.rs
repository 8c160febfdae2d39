use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::{Cpu, Create, Tensor, dims};

dims! { Model = 2; Batch = 2; Hidden = 4; Embed = 3; }

fn main() {
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let (hidden, device) = (mesh.shard(Hidden, Model), mesh.device());
        let x = Tensor::ones((Batch, hidden)).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let weight = Tensor::ones((hidden, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let bias = Tensor::full((Embed,), 10.0).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let y = x.partial_matmul(&weight).all_reduce() + bias;
        assert_eq!(y.to_vec(), [14.0; 6]);
    });
}
