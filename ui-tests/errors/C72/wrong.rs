use congruent::nn::attention_with_bias;
use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; Seq = 5; Memory = 7; HeadDim = 8; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let k = Tensor::ones((Batch, Heads, Memory, HeadDim));
    let bias = Tensor::zeros((Heads, Memory, Seq));
    let y = attention_with_bias(&q, &k, &k, &bias, &Full);
}
