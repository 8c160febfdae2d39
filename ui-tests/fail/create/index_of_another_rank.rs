use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn main() {
    let x = Tensor::from_fn((Batch, Seq), |[b, s, e]| 0.0);
}
