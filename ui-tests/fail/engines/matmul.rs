#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Embed = 8; Hidden = 16; }

fn main() {
    let x = Other::<f32>::ones((Batch, Embed));
    let y = x.matmul(&Tensor::ones((Embed, Hidden)));
}
