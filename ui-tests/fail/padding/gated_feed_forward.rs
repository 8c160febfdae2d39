use congruent::nn::GatedFeedForward;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq)));
    let y = GatedFeedForward::random(Ragged(Seq), Embed, &mut Rng::with_seed(1)).forward(&x);
}
