use congruent::nn::Linear;
use congruent::{Rng, Tensor, dims};

dims! { Batch = 2; Embed = 6; Wide = 8; }

fn main() {
    let layer = Linear::random(Embed, Wide, &mut Rng::with_seed(1));
    let y: Tensor<(Batch, Wide)> = layer.forward(&Tensor::ones((Batch, Embed)));
    assert_eq!(y.sizes(), [2, 8]);
}
