use congruent::nn::{cross_entropy, mean_of_valid};
use congruent::prelude::*;

dims! { Batch = 2; Other = 2; Seq = 3; Vocab = 100; }

fn main() {
    let logits = Tensor::ones((Batch, Ragged(Seq), Vocab));
    let targets = Ids::new((Batch, Ragged(Seq)), Vocab, &[0; 6]).unwrap();
    let lengths = Lengths::new(Other, Ragged(Seq), &[3, 1]).unwrap();
    let loss = mean_of_valid(&cross_entropy(&logits, &targets), &lengths);
}
