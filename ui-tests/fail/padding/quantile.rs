use congruent::{Ragged, Tensor, dims};

dims! { Batch = 2; Seq = 5; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq)));
    x.median(Ragged(Seq));
}
