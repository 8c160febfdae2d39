use congruent::nn::Linear;
use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 4; Narrow = 1; }

fn block(layer: &Linear<Embed, Narrow>, x: &Tensor<(Batch, Embed)>) {
    let y = x + layer.forward(x);
}

fn main() {}
