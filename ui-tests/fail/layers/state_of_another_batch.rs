//! The state belongs to another batch.
use congruent::nn::Gru;
use congruent::prelude::*;
use congruent::Rng;

dims! { Batch = 2; Other = 2; Seq = 5; Embed = 3; Hidden = 4; }

fn main() {
    let layer = Gru::random(Embed, Hidden, &mut Rng::with_seed(1));
    layer.forward(&Tensor::ones((Batch, Seq, Embed)), &layer.start(Other));
}
