#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::LayerNorm;
use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Embed = 8; }

fn main() {
    let norm = LayerNorm::new(Embed, 1e-5);
    let y = norm.forward(&Other::<f32>::ones((Batch, Embed)));
}
