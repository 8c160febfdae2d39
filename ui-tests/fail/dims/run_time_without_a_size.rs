use congruent::prelude::*;

dims! { Batch = 2; Seq; Embed = 12; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
}
