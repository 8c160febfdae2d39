use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::nn::LearnedPositions;
use congruent::prelude::*;

dims! { Context = 2; Batch = 1; Seq = 6; Embed = 4; Positions = 64; }

fn main() {
    let positions = LearnedPositions::random(Positions, Embed, &mut Rng::with_seed(1));
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Context,)).unwrap();
        let (seq, device) = (mesh.shard(Seq, Context), mesh.device());
        let positions = positions.to_engine::<OnMesh<Cpu<f32>>>(&device);
        let x = Tensor::ones((Batch, seq, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let ids = Ids::new((seq,), Positions, &[0, 1, 2]).unwrap().to_engine::<OnMesh<Cpu<f32>>>(&device);
        let _y = positions.forward_at(&x, &ids);
    });
}
