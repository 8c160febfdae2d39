use congruent::nn::binary_cross_entropy;
use congruent::prelude::*;

dims! { Batch = 2; Labels = 3; Others = 3; }

fn main() {
    let logits = Tensor::zeros((Batch, Labels));
    let losses = binary_cross_entropy(&logits, &Tensor::ones((Batch, Others)));
}
