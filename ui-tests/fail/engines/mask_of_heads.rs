#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::attention_with_bias;
use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 4; }

fn main() {
    let x = Other::<f32>::ones((Batch, Heads, Seq, HeadDim));
    let near = Cpu::<bool>::from_fn((Heads, Seq, Seq), |[_, q, k]| q.abs_diff(k) < 2);
    let y = attention_with_bias(&x, &x, &x, &Allowed::new(near), &Full);
}
