use congruent::nn::{Activation, Linear};
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let layer = Linear::random(Ragged(Seq), Embed, &mut Rng::with_seed(1));
    let x = Tensor::ones((Batch, Ragged(Seq)));
    let y = layer.forward_activated(&x, Activation::Relu);
}
