//! The gradient of one parameter, for those of all.
use congruent::nn::Linear;
use congruent::optim::{AdamW, Optimizer};
use congruent::prelude::*;

dims! { Batch = 2; Embed = 4; Hidden = 8; }

fn main() {
    let mut model = Linear::random(Embed, Hidden, &mut Rng::with_seed(1));
    model.track();
    let gradients = model.forward(&Tensor::ones((Batch, Embed))).square().mean_all().backward();
    let gradient = gradients.of(&model.weight);
    Optimizer::new(AdamW::default()).step(&mut model, &gradient, 1.0);
}
