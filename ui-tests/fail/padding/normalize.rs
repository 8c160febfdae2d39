use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq)));
    let y = x.normalize(Ragged(Seq));
}
