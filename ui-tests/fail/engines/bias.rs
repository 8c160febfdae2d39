#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::mask::alibi;
use congruent::nn::attention_with_bias;
use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 4; }

fn main() {
    let x = Other::<f32>::ones((Batch, Heads, Seq, HeadDim));
    let bias: Tensor<(Heads, Seq, Seq)> = alibi(Heads, Seq, Seq);
    let y = attention_with_bias(&x, &x, &x, &bias, &Full);
}
