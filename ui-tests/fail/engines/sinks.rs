#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::{AttentionOptions, attention_with};
use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 4; }

fn main() {
    let x = Other::<f32>::ones((Batch, Heads, Seq, HeadDim));
    let sinks = Tensor::zeros((Heads,));
    let y = attention_with(&x, &x, &x, &Full, AttentionOptions::new().sinks(&sinks));
}
