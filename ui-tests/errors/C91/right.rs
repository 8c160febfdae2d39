use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 2; Seq = 5; Hidden = 4; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq), Hidden));
    let lengths = Lengths::new(Batch, Ragged(Seq), &[5, 2]).unwrap();
    let (_last, _sums) = x.masked_scan(&lengths, Tensor::zeros((Batch, Hidden)), |sum, x| (&sum + &x, sum + x));
}
