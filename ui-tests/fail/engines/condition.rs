#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Embed = 8; }

fn main() {
    let x = Other::<f32>::ones((Batch, Embed));
    let condition = Tensor::ones((Batch, Embed)).greater_than(0.0);
    let y = x.select(&condition, &x);
}
