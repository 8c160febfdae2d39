use congruent::nn::attention_with_bias;
use congruent::prelude::*;

dims! { Two = 2; Seq = 5; HeadDim = 8; }

fn main() {
    let x = Tensor::ones((Two, Two, Seq, HeadDim));
    let bias = Tensor::zeros((Two, Seq, Seq));
    let y = attention_with_bias(&x, &x, &x, &bias, &Full);
}
