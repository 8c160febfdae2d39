use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    let y = x.mean(Ragged(Seq));
}
