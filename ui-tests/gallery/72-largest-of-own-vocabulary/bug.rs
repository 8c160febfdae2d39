use congruent::dim::Shard;
use congruent::{Tensor, dims};

dims! { Model = 2; Batch = 2; Vocab = 4; }

fn greedy(logits: &Tensor<(Batch, Shard<Vocab, Model>)>, vocab: Shard<Vocab, Model>) {
    let tokens = logits.argmax(vocab);
}

fn main() {}
