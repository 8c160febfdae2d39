use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 2; Seq = 5; Hidden = 4; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq), Hidden));
    let lengths = Lengths::new(Batch, Ragged(Seq), &[5, 2]).unwrap();
    let (last, _sums) = x.masked_scan(&lengths, Tensor::zeros((Batch, Hidden)), |sum, x| (&sum + &x, sum + x));
    assert_eq!(last.to_vec(), [5.0, 5.0, 5.0, 5.0, 2.0, 2.0, 2.0, 2.0]);
}
