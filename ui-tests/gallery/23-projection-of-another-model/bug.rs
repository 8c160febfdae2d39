use congruent::nn::Linear;
use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 6; Wide = 8; }

fn project(x: &Tensor<(Batch, Embed)>, other: &Linear<Wide, Wide>) {
    let y = other.forward(x);
}

fn main() {}
