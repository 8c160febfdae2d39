use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 8; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let rate: f64 = 0.1;
    let y = (1.0 - rate) * &x;
}
