use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::nn::EncoderLayer;
use congruent::prelude::*;

dims! { Model = 2; Batch = 1; Seq = 6; Embed = 8; Heads = 2; HeadDim = 4; Hidden = 12; }

fn main() {
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let (heads, hidden, device) = (mesh.shard(Heads, Model), mesh.shard(Hidden, Model), mesh.device());
        let layer = EncoderLayer::random(Embed, heads, HeadDim, hidden, &mut Rng::with_seed(1));
        let layer = layer.to_engine::<OnMesh<Cpu<f32>>>(&device);
        let x = Tensor::ones((Batch, Seq, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let seq = mesh.shard(Seq, Model);
        let y = layer.forward_sequence_parallel(&x.shard(seq), &Causal).all_gather(seq);
        let z = layer.forward(&x, &Causal);
        assert!(y.to_vec().iter().zip(z.to_vec()).all(|(y, z)| (y - z).abs() < 1e-5));
    });
}
