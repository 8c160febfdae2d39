use congruent::prelude::*;

dims! { Batch = 2; Embed = 12; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let y = Tensor::ones((N::<1>, Embed));
    let z = &x * &y;
}
