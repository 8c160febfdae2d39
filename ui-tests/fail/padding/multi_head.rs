use congruent::nn::MultiHeadAttention;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; }

fn main() {
    let layer = MultiHeadAttention::random(Ragged(Seq), Heads, HeadDim, &mut Rng::with_seed(1));
    let y = layer.forward(&Tensor::ones((Batch, Embed, Ragged(Seq))), &Full);
}
