use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::{Cpu, Create, Tensor, dims};

dims! { Context = 2; Batch = 1; Seq = 4; Heads = 2; HeadDim = 2; }

fn main() {
    let keys = Tensor::from_vec((Batch, Seq, Heads, HeadDim), (0..16).map(|i| i as f32).collect()).unwrap();
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Context,)).unwrap();
        let seq = mesh.shard(Seq, Context);
        let own = keys.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).shard(seq);
        assert_eq!(own.all_gather(seq).to_vec(), keys.to_vec());
    });
}
