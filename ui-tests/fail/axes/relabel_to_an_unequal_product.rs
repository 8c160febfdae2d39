use congruent::prelude::*;

dims! { Batch = 2; Embed = 12; Heads = 3; Wide = 8; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let y = x.relabel(Embed, Times(Heads, Wide));
}
