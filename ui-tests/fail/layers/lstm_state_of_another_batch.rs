//! The state belongs to another batch.
use congruent::nn::Lstm;
use congruent::prelude::*;

dims! { Batch = 2; Other = 2; Seq = 5; Embed = 3; Hidden = 4; Wide = 8; }

fn main() {
    let layer = Lstm::random(Embed, Hidden, &mut Rng::with_seed(1));
    let lengths = Lengths::new(Batch, Ragged(Seq), &[5, 2]).unwrap();
    layer.forward_masked(&Tensor::ones((Batch, Ragged(Seq), Embed)), &lengths, &layer.start(Other));
}
