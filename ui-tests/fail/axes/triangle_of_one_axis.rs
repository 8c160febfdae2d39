use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn main() {
    let x = Tensor::ones((Batch, Seq));
    let lower = x.tril(Seq, Seq, 0);
}
