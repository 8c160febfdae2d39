use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let y = x.powf(2.0);
}
