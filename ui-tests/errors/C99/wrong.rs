use congruent::mesh::{Mesh, OnMesh, RingAttention, in_threads};
use congruent::nn::{GroupedQueryAttention, Rotary, RotaryLayout};
use congruent::prelude::*;

dims! { Context = 2; Batch = 1; Seq = 6; Embed = 8; Heads = 2; HeadDim = 4; Positions = 64; }

fn main() {
    let layer = GroupedQueryAttention::random(Embed, Heads, Heads, HeadDim, &mut Rng::with_seed(1));
    let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Context,)).unwrap();
        let (seq, device) = (mesh.shard(Seq, Context), mesh.device());
        let layer = layer.to_engine::<OnMesh<Cpu<f32>>>(&device);
        let rotary = rotary.to_engine::<OnMesh<Cpu<f32>>>(&device);
        let x = Tensor::ones((Batch, seq, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let positions = Ids::new((Batch, seq), Positions, &[0, 1, 2]).unwrap().to_engine::<OnMesh<Cpu<f32>>>(&device);
        let _y = layer.forward(&x, &rotary, &positions, &RingAttention::new(seq, Causal));
    });
}
