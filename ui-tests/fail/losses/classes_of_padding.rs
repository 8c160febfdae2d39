//! Which position it is, is to be found: a softmax over all of them.
use congruent::nn::cross_entropy;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn main() {
    let logits = Tensor::ones((Batch, Ragged(Seq)));
    let targets = Ids::new((Batch,), Ragged(Seq), &[0, 4]).unwrap();
    let losses = cross_entropy(&logits, &targets);
}
