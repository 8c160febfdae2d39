use congruent::prelude::*;

dims! { Batch = 2; Embed = 4; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let y = x.pow(2);
}
