use congruent::nn::MultiHeadAttention;
use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 3; Seq = 3; Embed = 2; Heads = 1; HeadDim = 2; }

fn encode(
    layer: &MultiHeadAttention<Embed, Heads, HeadDim>,
    x: &Tensor<(Ragged<Seq>, Batch, Embed)>,
    lengths: &Lengths<Batch, Ragged<Seq>>,
) {
    let y = layer.forward(x, lengths);
}

fn main() {}
