//! The lengths belong to another batch.
use congruent::nn::MixtureOfExperts;
use congruent::prelude::*;

dims! { Batch = 2; Other = 2; Seq = 3; Embed = 4; Hidden = 8; Experts = 4; }

fn mixed(
    layer: &MixtureOfExperts<Embed, Experts, Hidden>,
    x: &Tensor<(Batch, Ragged<Seq>, Embed)>,
    lengths: &Lengths<Other, Ragged<Seq>>,
) {
    layer.forward_padded(x, lengths);
}

fn main() {}
