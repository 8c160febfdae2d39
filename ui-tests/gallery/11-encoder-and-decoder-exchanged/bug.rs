use congruent::nn::MultiHeadAttention;
use congruent::{Full, Tensor, dims};

dims! { Batch = 1; Source = 3; Target = 3; Embed = 2; Heads = 1; HeadDim = 2; }

fn decode(
    layer: &MultiHeadAttention<Embed, Heads, HeadDim>,
    target: &Tensor<(Batch, Target, Embed)>,
    source: &Tensor<(Batch, Source, Embed)>,
) {
    let y = target + layer.cross(source, target, &Full);
}

fn main() {}
