#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::kl_divergence;
use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Classes = 8; }

fn main() {
    let x = Tensor::ones((Batch, Classes)).log_softmax(Classes);
    let y = Other::<f32>::ones((Batch, Classes)).log_softmax(Classes);
    let losses = kl_divergence(&x, &y, Classes);
}
