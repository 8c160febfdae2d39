//! The second layer of two directions takes both.
use congruent::nn::Gru;
use congruent::prelude::*;
use congruent::Rng;

dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; }

fn main() {
    let layer = Gru::random(Hidden, Hidden, &mut Rng::with_seed(1));
    layer.forward(&Tensor::ones((Batch, Seq, Plus(Hidden, Hidden))), &layer.start(Batch));
}
