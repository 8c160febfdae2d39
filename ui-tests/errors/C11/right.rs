use congruent::nn::Linear;
use congruent::{Rng, Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 8; Ffn = 4 * Embed; }

fn main() {
    let mut rng = Rng::with_seed(1);
    let (up, down) = (Linear::random(Embed, Ffn, &mut rng), Linear::random(Ffn, Embed, &mut rng));
    let x = Tensor::ones((Batch, Seq, Embed));
    let y = down.forward(&up.forward(&x));
    assert_eq!(y.sizes(), [2, 5, 8]);
}
