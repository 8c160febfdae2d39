use congruent::nn::cross_entropy;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Vocab = 100; }

fn main() {
    let logits = Tensor::ones((Batch, Seq, Vocab));
    let targets = Ids::new((Batch,), Vocab, &[7, 99]).unwrap();
    let loss = cross_entropy(&logits, &targets).mean(Batch);
}
