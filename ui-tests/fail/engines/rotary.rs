#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::{GroupedQueryAttention, Rotary, RotaryLayout};
use congruent::prelude::*;
use other::Other;

dims! { Batch = 1; Embed = 16; Heads = 2; Keys = 2; Seq = 3; HeadDim = 4; Positions = 8; }

fn main() {
    let rng = &mut Rng::with_seed(1);
    let layer = GroupedQueryAttention::random(Embed, Heads, Heads, HeadDim, rng).to_engine::<Other<f32>>(&Default::default());
    let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    let x = Other::<f32>::ones((Batch, Seq, Embed));
    let positions = Ids::new((Batch, Seq), Positions, &[0, 1, 2]).unwrap().to_engine::<Other<f32>>(&Default::default());
    let y = layer.forward(&x, &rotary, &positions, &Causal);
}
