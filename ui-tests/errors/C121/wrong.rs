use congruent::nn::Linear;
use congruent::optim::{AdamW, LossScale, Optimizer};
use congruent::prelude::*;

dims! { Embed = 4; Classes = 3; }

fn main() {
    let mut model = Linear::random(Embed, Classes, &mut Rng::with_seed(1));
    model.track();
    let loss = model.forward(&Tensor::ones((Embed,))).sum(Classes);
    let gradients = LossScale::default().backward(loss);
    Optimizer::new(AdamW::default()).step(&mut model, &gradients, 1.0);
}
