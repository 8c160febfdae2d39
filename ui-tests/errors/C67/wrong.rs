use congruent::nn::Dropout;
use congruent::prelude::*;

dims! { Batch = 1; Embed = 8; }

fn predict(x: &Tensor<(Batch, Embed)>, rng: &mut Rng) -> Tensor<(Batch, Embed)> {
    Dropout { rate: 0.5 }.forward_training(x, rng)
}

fn main() {
    let mut rng = Rng::with_seed(1);
    assert_eq!(predict(&Tensor::ones((Batch, Embed)), &mut rng).sizes(), [1, 8]);
}
