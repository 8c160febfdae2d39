//! A step takes one input, and not all positions.
use congruent::nn::Lstm;
use congruent::prelude::*;
use congruent::Rng;

dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; }

fn main() {
    let layer = Lstm::random(Embed, Hidden, &mut Rng::with_seed(1));
    layer.step(&Tensor::ones((Batch, Seq, Embed)), &layer.start(Batch));
}
