//! A padded table: some of its rows are padding.
use congruent::nn::Embedding;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let embedding = Embedding { weight: Tensor::ones((Ragged(Seq), Embed)) };
    let ids = Ids::new((Batch,), Ragged(Seq), &[0, 4]).unwrap();
    let vectors = embedding.forward(&ids);
}
