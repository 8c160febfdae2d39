use congruent::prelude::*;

dims! { Batch = 2; Embed = 12; Hidden = 16; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let y = x.relabel(Embed, Hidden);
}
