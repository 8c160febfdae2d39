use congruent::dim::Shard;
use congruent::nn::next_token_loss;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Seq = 5; Vocab = 8; }

fn wrong(logits: Tensor<(Batch, Seq, Shard<Vocab, Model>)>, tokens: Ids<(Batch, Seq), Shard<Vocab, Model>>) {
    let loss = next_token_loss(&logits, &tokens);
}

fn main() {}
