#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::squared_error;
use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Embed = 3; }

fn main() {
    let x = Other::<f32>::ones((Batch, Embed));
    let losses = squared_error(&x, &Tensor::ones((Batch, Embed)));
}
