use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn main() {
    let x = Tensor::ones((Batch, Seq));
    let condition = Tensor::ones((Seq, Batch)).greater_than(0.0);
    let z = x.select(&condition, &x);
}
