//! Which positions are padding, the choice does not say.
use congruent::nn::{cross_entropy, mean_where};
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Vocab = 4; }

fn main() {
    let logits = Tensor::ones((Batch, Ragged(Seq), Vocab));
    let targets = Ids::new((Batch, Ragged(Seq)), Vocab, &[0; 6]).unwrap();
    let chosen = Cpu::full((Batch, Ragged(Seq)), true);
    let loss = mean_where(&cross_entropy(&logits, &targets), &chosen);
}
