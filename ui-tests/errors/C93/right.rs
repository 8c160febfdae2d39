use congruent::nn::MixtureOfExperts;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 4; Hidden = 8; Experts = 4; }

fn mixed(
    experts: &MixtureOfExperts<Embed, Hidden, Experts>,
    x: &Tensor<(Batch, Ragged<Seq>, Embed)>,
    lengths: &Lengths<Batch, Ragged<Seq>>,
) {
    experts.forward_padded(x, lengths);
}

fn main() {}
