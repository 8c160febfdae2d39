//! A decoder goes on with the state of a wider layer.
use congruent::nn::Lstm;
use congruent::prelude::*;

dims! { Batch = 2; Other = 2; Seq = 5; Embed = 3; Hidden = 4; Wide = 8; }

fn main() {
    let layer = Lstm::random(Embed, Hidden, &mut Rng::with_seed(1));
    let wide = Lstm::random(Embed, Wide, &mut Rng::with_seed(2));
    layer.step(&Tensor::ones((Batch, Embed)), &wide.start(Batch));
}
