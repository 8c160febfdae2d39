//! A linear layer along the positions, as in an MLP-Mixer, is a sum over all of them.
use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Hidden = 4; }

fn mix(layer: &Linear<Ragged<Seq>, Hidden>, x: &Tensor<(Batch, Ragged<Seq>, Embed)>) -> Tensor<(Batch, Embed, Hidden)> {
    layer.forward(&x.permute((Batch, Embed, Ragged(Seq))))
}

fn main() {}
