use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let layer = Linear::random(Ragged(Seq), Ragged(Seq), &mut Rng::with_seed(1));
    let x = Tensor::ones((Batch, Ragged(Seq)));
    let y = layer.forward_residual(&x, &x);
}
