use congruent::nn::squared_error;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; }

fn main() {
    let (predicted, targets) = (Tensor::ones((Batch, Seq)), Tensor::ones((Seq, Batch)));
    let losses = squared_error(&predicted, &targets);
}
