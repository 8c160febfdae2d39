use congruent::nn::next_token_loss;
use congruent::{Ids, Tensor, dims};

dims! { Batch = 1; Seq = 4; Vocab = 4; }

fn loss(logits: &Tensor<(Batch, Seq, Vocab)>, tokens: &Ids<(Batch, Seq), Vocab>) {
    let losses = next_token_loss(&logits.without_last(Seq), &tokens.next(Seq));
}

fn main() {}
