use congruent::prelude::*;

dims! { Batch = 2; Vocab = 3; }

fn log_probabilities(logits: &Tensor<(Batch, Vocab)>) -> Tensor<(Batch, Vocab)> {
    logits.log_softmax(Vocab)
}

fn main() {}
