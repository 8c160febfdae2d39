use congruent::nn::cross_entropy;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Vocab = 5; }

fn loss(logits: &Tensor<(Batch, Seq, Vocab)>, tokens: &Ids<(Batch, Seq), Vocab>) {
    let losses = cross_entropy(logits, &tokens.next(Seq));
}

fn main() {}
