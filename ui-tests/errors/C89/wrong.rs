use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn main() {
    let scores = Tensor::ones((Batch, Seq, Seq));
    let own = scores.diagonal(At::<1>, At::<1>);
}
