use congruent::prelude::*;

dims! { Seq = 20; Embed = 12; }

fn main() {
    let x = Tensor::ones((Seq, Embed));
    let list = x.chunks(Seq);
}
