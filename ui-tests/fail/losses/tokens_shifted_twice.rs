use congruent::nn::next_token_loss;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Vocab = 5; }

fn loss(logits: &Tensor<(Batch, Seq, Vocab)>, tokens: &Ids<(Batch, Seq), Vocab>) {
    let losses = next_token_loss(logits, &tokens.next(Seq));
}

fn main() {}
