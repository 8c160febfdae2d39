use congruent::nn::kl_divergence;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn main() {
    let predicted = Tensor::zeros((Batch, Ragged(Seq)));
    let losses = kl_divergence(&predicted, &predicted, Ragged(Seq));
}
