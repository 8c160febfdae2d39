use congruent::nn::BatchNorm;
use congruent::prelude::*;

dims! { Batch = 4; Channels = 3; }

fn predict(norm: &mut BatchNorm<Channels>, x: &Tensor<(Batch, Channels)>, rng: &mut Rng) -> Tensor<(Batch, Channels)> {
    norm.forward_training(x, rng)
}

fn main() {}
