use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::nn::LearnedPositions;
use congruent::prelude::*;

dims! { Context = 2; Batch = 1; Seq = 6; Embed = 4; Positions = 64; }

fn main() {
    let positions = LearnedPositions::random(Positions, Embed, &mut Rng::with_seed(1));
    let whole = positions.forward(&Tensor::ones((Batch, Seq, Embed))).unwrap();
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Context,)).unwrap();
        let (seq, device) = (mesh.shard(Seq, Context), mesh.device());
        let positions = positions.to_engine::<OnMesh<Cpu<f32>>>(&device);
        let x = Tensor::ones((Batch, seq, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let y = positions.forward(&x).unwrap();
        assert_eq!(y.all_gather(seq).to_vec(), whole.to_vec());

        let ids = Ids::new((Seq,), Positions, &[0, 1, 2, 3, 4, 5]).unwrap().to_engine::<OnMesh<Cpu<f32>>>(&device);
        let z = x + positions.weight.lookup(&ids).shard(seq);
        assert_eq!(z.to_vec(), y.to_vec());
    });
}
