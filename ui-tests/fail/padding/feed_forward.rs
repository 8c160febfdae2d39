use congruent::nn::FeedForward;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn mix(layer: &FeedForward<Ragged<Seq>, Embed>, x: &Tensor<(Batch, Ragged<Seq>)>) {
    let y = layer.forward(x);
}

fn main() {}
