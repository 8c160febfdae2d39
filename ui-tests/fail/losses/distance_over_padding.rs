use congruent::nn::huber;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; }

fn main() {
    let predicted = Tensor::ones((Batch, Ragged(Seq)));
    let targets = Tensor::zeros((Batch, Ragged(Seq)));
    let loss = huber(&predicted, &targets, 1.0).mean(Ragged(Seq)).mean(Batch);
}
