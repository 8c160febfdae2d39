use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::nn::mean_of_valid;
use congruent::{Cpu, Create, Lengths, Ragged, Tensor, dims};

dims! { Data = 2; Batch = 2; Seq = 4; }

fn main() {
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Data,)).unwrap();
        let (batch, device) = (mesh.shard(Batch, Data), mesh.device());
        // A text of 4 tokens whose losses are 1, and one of a single token whose loss is 6.
        let (loss, length) = [(1.0, 4), (6.0, 1)][mesh.rank(Data)];
        let losses = Tensor::full((batch, Ragged(Seq)), loss).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let lengths = Lengths::new(batch, Ragged(Seq), &[length]).unwrap();
        assert_eq!(mean_of_valid(&losses, &lengths).scalar(), 2.0);
    });
}
