use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::nn::LearnedPositions;
use congruent::{Cpu, Create, Module, Tensor, dims};

dims! { Context = 2; Batch = 1; Seq = 4; Positions = 8; Embed = 1; }

fn main() {
    let weight = Tensor::arange(Positions).expand(Embed).permute((Positions, Embed));
    let positions = LearnedPositions { weight };
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Context,)).unwrap();
        let (seq, device) = (mesh.shard(Seq, Context), mesh.device());
        let x = Tensor::zeros((Batch, seq, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let x = positions.to_engine::<OnMesh<Cpu<f32>>>(&device).forward(&x).unwrap().all_gather(seq);
        assert_eq!(x.to_vec(), [0.0, 1.0, 2.0, 3.0]);
    });
}
