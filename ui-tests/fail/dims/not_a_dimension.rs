use congruent::prelude::*;

dims! { Batch = 2; }

fn main() {
    let x = Tensor::ones((Batch, 3));
}
