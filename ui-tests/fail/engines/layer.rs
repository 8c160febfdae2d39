#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::Linear;
use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Embed = 8; Hidden = 4; }

fn main() {
    let layer = Linear::random(Embed, Hidden, &mut Rng::with_seed(1)).to_engine::<Other<f32>>(&Default::default());
    let y = layer.forward(&Tensor::ones((Batch, Embed)));
}
