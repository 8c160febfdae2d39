use congruent::nn::cross_entropy;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Vocab = 100; }

fn main() {
    let logits = Tensor::ones((Batch, Ragged(Seq), Vocab));
    let targets = Ids::new((Batch, Ragged(Seq)), Vocab, &[0; 6]).unwrap();
    let loss = cross_entropy(&logits, &targets).mean(Ragged(Seq)).mean(Batch);
}
