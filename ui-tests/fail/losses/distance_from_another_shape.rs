use congruent::nn::squared_error;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 2; }

fn main() {
    let predicted = Tensor::ones((Batch, Seq));
    let losses = squared_error(&predicted, &Tensor::ones((Seq, Batch)));
}
