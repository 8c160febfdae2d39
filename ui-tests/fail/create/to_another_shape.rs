use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn main() {
    let x: Tensor<(Seq, Batch)> = Tensor::zeros((Batch, Seq));
}
