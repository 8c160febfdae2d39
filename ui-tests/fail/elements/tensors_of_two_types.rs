use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 8; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let weights = x.cast::<f64>();
    let mean = (&x * &weights).mean(Embed);
}
