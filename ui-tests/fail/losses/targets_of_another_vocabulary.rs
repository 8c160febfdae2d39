use congruent::nn::cross_entropy;
use congruent::prelude::*;

dims! { Batch = 2; Vocab = 100; OtherVocab = 120; }

fn main() {
    let logits = Tensor::ones((Batch, Vocab));
    let targets = Ids::new((Batch,), OtherVocab, &[7, 119]).unwrap();
    let loss = cross_entropy(&logits, &targets).mean(Batch);
}
