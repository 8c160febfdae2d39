use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 4; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let y = Tensor::cat(&[&x, &x], 1).mean(Embed);
}
