use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 8; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let scale = 8f64.sqrt();
    let mean = (&x / scale).relu().mean(Embed);
}
