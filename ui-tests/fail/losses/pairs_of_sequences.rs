//! Every position of a text is taken for a vector of its own.
use congruent::nn::info_nce;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Embed = 4; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let losses = info_nce(&x, &x, 0.05);
}
