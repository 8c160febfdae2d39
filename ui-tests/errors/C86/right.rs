use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 2; Seq = 3; }

fn main() {
    let lengths = Lengths::new(Batch, Ragged(Seq), &[3, 1]).unwrap();
    let x = Tensor::full((Batch, Ragged(Seq)), 2.0);
    let products = x.fill_padding(&lengths, 1.0).prod(Seq);
    assert_eq!(products.to_vec(), [8.0, 2.0]);
}
