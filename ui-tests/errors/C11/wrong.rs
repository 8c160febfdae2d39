use congruent::nn::Linear;
use congruent::{Rng, Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 8; Ffn = 4 * Embed; }

fn main() {
    let mut rng = Rng::with_seed(1);
    let (_up, down) = (Linear::random(Embed, Ffn, &mut rng), Linear::random(Ffn, Embed, &mut rng));
    let x = Tensor::ones((Batch, Seq, Embed));
    let _y = down.forward(&x);
}
