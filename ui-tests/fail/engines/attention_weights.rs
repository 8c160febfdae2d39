#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::attention_weights;
use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 4; }

fn main() {
    let q = Other::<f32>::ones((Batch, Heads, Seq, HeadDim));
    let k = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let y = attention_weights(&q, &k, &Full);
}
