use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::{Cpu, Create, Tensor, dims};

dims! { Data = 2; Batch = 2; }

fn main() {
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Data,)).unwrap();
        let (batch, device) = (mesh.shard(Batch, Data), mesh.device());
        let x = (Tensor::arange(batch) + 1.0).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let weight = Tensor::ones((Batch,)).mean(Batch).to_engine::<OnMesh<Cpu<f32>>>(&device).tracked();
        let features = &x * &weight;
        let all = features.all_gather(batch);
        let loss = (features * all.sum(Batch)).partial_mean(batch).all_reduce();
        assert_eq!(loss.scalar(), 4.5);
        // The loss is 4.5 times the square of the weight.
        assert_eq!(loss.backward().of(&weight).scalar(), 9.0);
    });
}
