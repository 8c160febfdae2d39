#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::fuse;
use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Embed = 8; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let y = fuse((&x, &Other::<f32>::ones((Embed,))), |x, y| x + y);
}
