use congruent::nn::MultiHeadAttention;
use congruent::{Causal, Rng, Tensor, dims};

dims! { Batch = 1; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; }

fn main() {
    let layer = MultiHeadAttention::random(Embed, Heads, HeadDim, &mut Rng::with_seed(1));
    let one_text = Tensor::ones((Seq, Embed));
    let y = layer.forward(&one_text.expand(Batch), &Causal);
    assert_eq!(y.sizes(), [1, 5, 12]);
}
