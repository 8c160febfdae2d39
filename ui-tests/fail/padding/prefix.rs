use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Top = 2; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq)));
    let first = x.prefix(Ragged(Seq), Top);
}
