use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn main() {
    let lengths = Lengths::new(Batch, Ragged(Seq), &[5, 2]).unwrap();
    let x = Tensor::ones((Batch, Ragged(Seq)));
    let y = x.greater_than(0.0) & &lengths;
}
