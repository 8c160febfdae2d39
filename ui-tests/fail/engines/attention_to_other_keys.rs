#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 4; }

fn main() {
    let q = Other::<f32>::ones((Batch, Heads, Seq, HeadDim));
    let keys = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let y = attention(&q, &keys, &q, &Causal);
}
