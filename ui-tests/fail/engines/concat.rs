#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Embed = 8; Past = 3; }

fn main() {
    let past = Other::<f32>::ones((Past, Embed));
    let x = Tensor::ones((Batch, Embed));
    let y = past.concat(Past, &x);
}
