//! The gradient of a tensor has its shape.
use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Batch = 2; Embed = 4; Classes = 3; }

fn main() {
    let mut model = Linear::random(Embed, Classes, &mut Rng::with_seed(1));
    model.track();
    let loss = model.forward(&Tensor::ones((Batch, Embed))).square().mean(Classes).mean(Batch);
    let gradient: Tensor<(Embed, Classes)> = loss.backward().of(&model.weight);
}
