use congruent::nn::Linear;
use congruent::{Rng, Tensor, dims};

dims! { Batch = 2; Embed = 4; }

fn main() {
    let layer = Linear::random(Embed, Embed, &mut Rng::with_seed(1));
    let x = Tensor::ones((Batch, Embed));
    assert_eq!((&x + layer.forward(&x)).sizes(), [2, 4]);
}
