use congruent::prelude::*;

dims! { Batch = 2; Embed = 12; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let y = x.split(Embed);
}
