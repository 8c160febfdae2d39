use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    x.add_(1.0);
}
