//! A modulation of half of the samples.
use congruent::nn::Modulation;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Embed = 4; }

fn main() {
    let modulation = Modulation { shift: Tensor::zeros((Batch, Embed)), scale: Tensor::zeros((Batch, Embed)) };
    modulation.apply(&Tensor::ones((Plus(Batch, Batch), Seq, Embed)));
}
