use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 8; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let loss: f32 = x.square().mean(Embed).scalar();
}
