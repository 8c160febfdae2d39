#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::{KeyValueCache, MultiHeadAttention};
use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Heads = 2; HeadDim = 4; Embed = 8; Positions = 512; Seq = 1; }

fn main() {
    let rng = &mut Rng::with_seed(1);
    let layer = MultiHeadAttention::random(Embed, Heads, HeadDim, rng).to_engine::<Other<f32>>(&Default::default());
    let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    let x = Other::<f32>::ones((Batch, Seq, Embed));
    cache.step(Seq, |step| layer.forward_cached(&x, 0, step)).unwrap();
}
