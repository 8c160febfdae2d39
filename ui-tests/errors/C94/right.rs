use congruent::dim::Vocabulary;
use congruent::prelude::*;

dims! { Batch = 2; Vocab = 8; }

/// How many tokens all ranks have together.
fn count<V: Vocabulary>(_: &Tensor<(Batch, V)>, vocab: V) -> usize {
    vocab.whole().size()
}

fn share<V: Vocabulary>(logits: &Tensor<(Batch, V)>, vocab: V) -> f64 {
    (count(logits, vocab) as f64).recip()
}

fn main() {
    assert_eq!(share(&Tensor::zeros((Batch, Vocab)), Vocab), 0.125);
}
