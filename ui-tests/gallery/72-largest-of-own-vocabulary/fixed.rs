use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::{Cpu, Create, Tensor, dims};

dims! { Model = 2; Batch = 1; Vocab = 4; }

fn main() {
    let logits = Tensor::from_nested((Batch, Vocab), [[1.0, 2.0, 6.0, 3.0]]);
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let vocab = mesh.shard(Vocab, Model);
        let logits = logits.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).shard(vocab);
        let tokens = logits.all_gather(vocab).argmax(Vocab).to_vec();
        assert_eq!(tokens[0].get(), 2);
    });
}
