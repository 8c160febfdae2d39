use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 2; Seq = 3; Embed = 8; }

fn main() {
    let lengths = Lengths::new(Batch, Ragged(Seq), &[3, 1]).unwrap();
    let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    let sums = x.masked_sum(&lengths);
    assert_eq!(sums.to_vec(), [[3.0; 8], [1.0; 8]].concat());
}
