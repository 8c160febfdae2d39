use congruent::nn::{GatedFeedForward, RmsNorm};
use congruent::prelude::*;

dims! { Batch = 2; Embed = 8; Hidden = 32; }

fn main() {
    let layer = GatedFeedForward::random(Embed, Hidden, &mut Rng::with_seed(1));
    let x = RmsNorm::new(Hidden, 1e-5).forward(&Tensor::ones((Batch, Hidden)));
    let y = layer.forward(&x);
}
