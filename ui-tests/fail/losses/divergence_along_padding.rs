use congruent::LogProbabilities;
use congruent::nn::kl_divergence;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn main() {
    let predicted = LogProbabilities::from_logarithms(Tensor::zeros((Batch, Ragged(Seq))), Ragged(Seq));
    let losses = kl_divergence(&predicted, &predicted, Ragged(Seq));
}
