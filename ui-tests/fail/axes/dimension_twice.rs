use congruent::prelude::*;

dims! { Seq = 5; }

fn main() {
    let x = Tensor::ones((Seq, Seq));
    let y = x.sum(Seq);
}
