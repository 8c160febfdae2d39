use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; }

fn main() {
    let x = Tensor::from_nested((Batch, Heads), [[1.0, 2.0], [3.0, 4.0]]);
}
