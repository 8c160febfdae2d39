use congruent::nn::LayerNorm;
use congruent::{Tensor, dims};

dims! { Batch = 1; Channels = 4; Positions = 4; }

fn normalise(norm: &LayerNorm<Channels>, x: &Tensor<(Batch, Channels, Positions)>) {
    let y = norm.forward(x);
}

fn main() {}
