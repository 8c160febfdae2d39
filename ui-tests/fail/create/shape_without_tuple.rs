use congruent::prelude::*;

dims! { Embed = 12; }

fn main() {
    let x = Tensor::zeros(Embed);
}
