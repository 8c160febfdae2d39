use congruent::{Ragged, Tensor, dims};

dims! { Batch = 2; Seq = 5; Hidden = 4; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq), Hidden));
    let (_last, _sums) = x.scan(Ragged(Seq), Tensor::zeros((Batch, Hidden)), |sum, x| (&sum + &x, sum + x));
}
