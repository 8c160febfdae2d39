use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 1; Seq = 4; Embed = 1; }

fn main() {
    let x = Tensor::from_slice((Batch, Ragged(Seq), Embed), &[1.0, 3.0, 0.0, 0.0]).unwrap();
    let lengths = Lengths::new(Batch, Ragged(Seq), &[2]).unwrap();
    assert_eq!(x.masked_mean(&lengths).to_vec(), [2.0]);
}
