use congruent::nn::{Dropout, Training};
use congruent::prelude::*;

dims! { Batch = 1; Embed = 8; }

fn train(x: &Tensor<(Batch, Embed)>, training: &mut Training<'_>) -> Tensor<(Batch, Embed)> {
    Dropout { rate: 0.5 }.forward_training(x, training)
}

fn main() {
    let mut rng = Rng::with_seed(1);
    assert_eq!(train(&Tensor::ones((Batch, Embed)), &mut Training::new(&mut rng)).sizes(), [1, 8]);
}
