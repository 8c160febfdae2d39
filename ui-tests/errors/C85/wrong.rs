use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 4; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let _positive = x.greater_than(0.0) & &x;
}
