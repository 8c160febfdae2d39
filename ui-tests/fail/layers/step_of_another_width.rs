//! The input has the width of the state.
use congruent::nn::Gru;
use congruent::prelude::*;
use congruent::Rng;

dims! { Batch = 2; Embed = 3; Hidden = 4; }

fn main() {
    let layer = Gru::random(Embed, Hidden, &mut Rng::with_seed(1));
    layer.step(&Tensor::ones((Batch, Hidden)), &layer.start(Batch));
}
