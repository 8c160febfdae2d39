use congruent::prelude::*;

dims! { Batch = 2; once Width; }

fn main() {
    let x = Tensor::ones((Batch, Width));
}
