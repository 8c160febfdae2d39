use congruent::nn::cross_entropy;
use congruent::prelude::*;

dims! { Batch = 2; Vocab = 100; }

fn main() {
    let logits = Tensor::ones((Batch, Vocab)).tracked();
    let targets = Ids::new((Batch,), Vocab, &[7, 99]).unwrap();
    let gradients = cross_entropy(&logits, &targets).backward();
}
