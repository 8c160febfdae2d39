#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Embed = 8; Hidden = 4; }

fn main() {
    let x = Other::<f32>::ones((Batch, Embed));
    let weight = Tensor::ones((Hidden, Embed));
    let y = einsum!("b e, h e -> b h", x, weight);
}
