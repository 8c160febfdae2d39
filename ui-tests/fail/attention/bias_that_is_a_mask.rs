use congruent::nn::attention_with_bias;
use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 8; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let y = attention_with_bias(&x, &x, &x, &Causal, &Full);
}
