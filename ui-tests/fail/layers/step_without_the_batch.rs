use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 3; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    x.scan(Seq, Tensor::zeros(()), |sum, x| (&sum + x.sum_all(), sum));
}
