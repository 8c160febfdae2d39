#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::KeyValueCache;
use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Heads = 2; HeadDim = 4; Embed = 8; Positions = 512; Beams = 2; }

fn main() {
    let cache = KeyValueCache::<_, _, _, _, Other<f32>>::on_backend(Batch, Heads, HeadDim, Positions, 1);
    let beams = cache.select(&Ids::new((Beams,), Batch, &[0, 1]).unwrap());
}
