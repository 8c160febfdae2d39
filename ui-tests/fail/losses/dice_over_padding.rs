//! Padding would be a part of the region.
use congruent::nn::dice_loss;
use congruent::prelude::*;

dims! { Batch = 2; Pixels = 16; }

fn main() {
    let logits = Tensor::zeros((Batch, Ragged(Pixels)));
    dice_loss(&logits, &logits, Ragged(Pixels), 1.0);
}
