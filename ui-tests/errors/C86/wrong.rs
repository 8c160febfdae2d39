use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 2; Seq = 3; }

fn main() {
    let _lengths = Lengths::new(Batch, Ragged(Seq), &[3, 1]).unwrap();
    let x = Tensor::full((Batch, Ragged(Seq)), 2.0);
    let _products = x.prod(Ragged(Seq));
}
