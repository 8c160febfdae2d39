use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 12; }

fn main() {
    let x = Tensor::randn((Batch, Embed));
}
