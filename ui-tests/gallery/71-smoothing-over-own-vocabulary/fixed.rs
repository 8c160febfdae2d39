use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::{Cpu, Create, Tensor, dims};

dims! { Model = 2; Batch = 1; Vocab = 4; }

fn main() {
    let logits = Tensor::from_nested((Batch, Vocab), [[1.0, 2.0, 3.0, 6.0]]);
    let expected = -logits.log_softmax(Vocab).mean(Vocab);
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let vocab = mesh.shard(Vocab, Model);
        let logits = logits.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).shard(vocab);
        let logits = &logits - logits.max_of_ranks(vocab).expand_as(&logits, vocab);
        let sum = logits.exp().partial_sum(vocab).all_reduce();
        let log_probabilities = &logits - sum.ln().expand_as(&logits, vocab);
        let loss = -log_probabilities.partial_mean(vocab).all_reduce();
        assert!((loss.to_vec()[0] - expected.to_vec()[0]).abs() < 1e-5);
    });
}
