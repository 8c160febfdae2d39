use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Past = 2; }

fn keys(_: &Tensor<(Batch, Plus<Past, Seq>)>) {}

fn main() {
    let (past, new) = (Tensor::ones((Batch, Past)), Tensor::ones((Batch, Seq)));
    keys(&new.concat(Seq, &past));
}
