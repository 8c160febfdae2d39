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
        // The numbers of all ranks, as bytes.
        let bytes: Vec<u8> = features.to_vec().iter().flat_map(|x| x.to_ne_bytes()).collect();
        let all = mesh.world().all_gather(&bytes);
        let all = all.chunks_exact(4).map(|x| f32::from_ne_bytes(x.try_into().unwrap())).collect();
        let all = Tensor::from_vec((Batch,), all).unwrap().to_engine::<OnMesh<Cpu<f32>>>(&device);
        let loss = (features * all.sum(Batch)).partial_mean(batch).all_reduce();
        assert_eq!(loss.scalar(), 4.5);
        assert_eq!(loss.backward().of(&weight).scalar(), 4.5);
    });
}
