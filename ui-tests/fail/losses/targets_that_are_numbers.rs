use congruent::nn::cross_entropy;
use congruent::prelude::*;

dims! { Batch = 2; Classes = 8; }

fn main() {
    let logits = Tensor::ones((Batch, Classes));
    let targets = Tensor::ones((Batch,));
    let losses = cross_entropy(&logits, &targets);
}
