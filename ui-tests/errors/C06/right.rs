use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 2; Seq = 3; Embed = 8; }

fn main() {
    let lengths = Lengths::new(Batch, Ragged(Seq), &[3, 1]).unwrap();
    let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    let spread = x.masked_max(&lengths) - x.masked_min(&lengths);
    assert_eq!(spread.to_vec(), [0.0; 16]);
}
