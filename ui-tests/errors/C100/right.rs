use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 8; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let loss: f32 = x.square().mean(Embed).mean(Batch).scalar();
    assert_eq!(loss, x.square().mean_all().scalar());
    assert_eq!(x.square().mean(Embed).to_vec(), [loss, loss]);
}
