use congruent::prelude::*;

dims! { Batch = 2; Embed = 4; }

fn main() {
    let mut x = Tensor::ones((Batch, Embed));
    x *= 2;
}
