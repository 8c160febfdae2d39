//! The choice is one for each loss.
use congruent::nn::{cross_entropy, mean_where};
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Vocab = 4; }

fn main() {
    let logits = Tensor::ones((Batch, Seq, Vocab));
    let targets = Ids::new((Batch, Seq), Vocab, &[0; 6]).unwrap();
    let chosen = Cpu::full((Seq, Batch), true);
    let loss = mean_where(&cross_entropy(&logits, &targets), &chosen);
}
