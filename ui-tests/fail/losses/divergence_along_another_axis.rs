use congruent::nn::kl_divergence;
use congruent::prelude::*;

dims! { Batch = 2; Vocab = 3; }

fn main() {
    let predicted = Tensor::zeros((Batch, Vocab)).log_softmax(Batch);
    let losses = kl_divergence(&predicted, &predicted, Vocab);
}
