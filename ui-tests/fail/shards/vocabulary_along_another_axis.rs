use congruent::dim::Shard;
use congruent::nn::{Embedding, Linear};
use congruent::prelude::*;

dims! { Data = 2; Model = 2; Batch = 4; Vocab = 8; Embed = 4; }

fn wrong(table: Embedding<Shard<Vocab, Data>, Embed>, output: Linear<Embed, Shard<Vocab, Model>>) {
    let x = Tensor::ones((Batch, Embed));
    let logits = table.logits(&x) + output.forward(&x);
}

fn main() {}
