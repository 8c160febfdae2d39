#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::cross_entropy;
use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Classes = 8; }

fn main() {
    let logits = Other::<f32>::ones((Batch, Classes));
    let targets = Ids::new((Batch,), Classes, &[1, 2]).unwrap();
    let losses = cross_entropy(&logits, &targets);
}
