use congruent::nn::{mean_of_valid, next_token_loss};
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Vocab = 4; }

fn main() {
    let tokens = Ids::new((Batch, Ragged(Seq)), Vocab, &[0, 1, 2, 3, 0, 0]).unwrap();
    let lengths = Lengths::new(Batch, Ragged(Seq), &[3, 1]).unwrap();
    let losses = next_token_loss(&Tensor::ones((Batch, Ragged(Seq), Vocab)), &tokens);
    let loss = mean_of_valid(&losses, &lengths);
}
