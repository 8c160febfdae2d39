use congruent::nn::Embedding;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Vocab = 100; }

fn main() {
    let embedding = Embedding { weight: Tensor::ones((Vocab, Ragged(Seq))) };
    let logits = embedding.logits(&Tensor::ones((Batch, Ragged(Seq))));
}
