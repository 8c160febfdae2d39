use congruent::nn::mean_of_valid;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Embed = 4; }

fn main() {
    let losses = Tensor::ones((Batch, Ragged(Seq), Embed));
    let lengths = Lengths::new(Batch, Ragged(Seq), &[3, 1]).unwrap();
    let loss = mean_of_valid(&losses, &lengths);
}
