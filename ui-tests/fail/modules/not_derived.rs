//! A structure of layers is a module only if it says so.
use congruent::nn::Linear;
use congruent::optim::{AdamW, Optimizer};
use congruent::prelude::*;

dims! { Embed = 4; Classes = 3; }

struct Model {
    head: Linear<Embed, Classes>,
}

fn main() {
    let mut model = Model { head: Linear::random(Embed, Classes, &mut Rng::with_seed(1)) };
    let x = Tensor::ones((Embed,));
    let gradients = model.head.forward(&x).sum(Classes).backward();
    Optimizer::new(AdamW::default()).step(&mut model, &gradients, 1.0);
}
