use congruent::prelude::*;

dims! { Seq; Embed = 12; }

fn main() {
    bind!(seq: Seq = 5);
    let x = Tensor::ones((seq, Embed));
    bind!(seq: Seq = 5);
    let z = x + Tensor::ones((seq, Embed));
}
