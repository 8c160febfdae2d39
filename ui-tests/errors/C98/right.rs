use congruent::mesh::{AllToAllAttention, Mesh, OnMesh, RingAttention, in_threads};
use congruent::prelude::*;

dims! { Context = 2; Batch = 1; Heads = 2; Seq = 6; HeadDim = 4; }

fn main() {
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Context,)).unwrap();
        let seq = mesh.shard(Seq, Context);
        let x = Tensor::ones((Batch, Heads, seq, HeadDim)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
        let y = attention(&x, &x, &x, &RingAttention::new(seq, Causal));
        let z = attention(&x, &x, &x, &AllToAllAttention::new(seq, mesh.shard(Heads, Context), Causal));
        assert_eq!(y.to_vec(), z.to_vec());
    });
}
