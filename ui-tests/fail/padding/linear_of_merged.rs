//! The positions flattened into one vector: padding is among them.
use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let merged = Tensor::ones((Batch, Ragged(Seq), Embed)).merge(Ragged(Seq), Embed);
    let layer = Linear::random(Times(Ragged(Seq), Embed), Embed, &mut Rng::with_seed(1));
    let y = layer.forward(&merged);
}
