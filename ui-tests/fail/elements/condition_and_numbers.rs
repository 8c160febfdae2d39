use congruent::prelude::*;

dims! { Batch = 2; Embed = 4; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let y = x.greater_than(0.0) & &x;
}
