use congruent::dim::numbers::U1;
use congruent::{Tensor, dims};

dims! { Batch = 3; }

fn loss(predictions: &Tensor<(Batch, U1)>, targets: &Tensor<(Batch,)>) {
    let difference = predictions - targets;
}

fn main() {}
