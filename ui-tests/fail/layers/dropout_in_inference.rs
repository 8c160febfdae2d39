use congruent::nn::{Dropout, Encoder};
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Embed = 8; Heads = 2; HeadDim = 4; Hidden = 16; }

fn predict(
    encoder: &Encoder<Embed, Heads, HeadDim, Hidden>,
    x: &Tensor<(Batch, Seq, Embed)>,
) -> Tensor<(Batch, Seq, Embed)> {
    let mut rng = Rng::with_seed(1);
    encoder.forward_training(x, &Full, Dropout { rate: 0.1 }, &mut rng)
}

fn main() {}
