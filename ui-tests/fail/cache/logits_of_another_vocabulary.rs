use congruent::prelude::*;

dims! { Batch = 2; Vocab = 100; OtherVocab = 120; }

fn main() {
    let logits = Tensor::ones((Batch, Vocab));
    let other = Tensor::ones((Batch, OtherVocab));
    let sum = logits + other;
}
