use congruent::nn::{mean_of_valid, next_token_loss};
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Vocab = 5; }

fn loss(
    logits: &Tensor<(Batch, Ragged<Seq>, Vocab)>,
    tokens: &Ids<(Batch, Ragged<Seq>), Vocab>,
    lengths: &Lengths<Batch, Ragged<Seq>>,
) {
    let loss = mean_of_valid(&next_token_loss(logits, tokens), lengths);
}

fn main() {}
