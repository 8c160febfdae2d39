use congruent::mask::alibi;
use congruent::nn::attention_with_bias;
use congruent::prelude::*;

dims! { Batch = 2; Heads = 2; Seq = 3; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Ragged(Seq), HeadDim));
    let bias = alibi(Heads, Ragged(Seq), Ragged(Seq));
    let y = attention_with_bias(&x, &x, &x, &bias, &Causal);
}
