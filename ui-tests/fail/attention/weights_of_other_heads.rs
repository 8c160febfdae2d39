use congruent::nn::attention_weights;
use congruent::prelude::*;

dims! { Batch = 2; Other = 3; Seq = 5; Heads = 3; HeadDim = 4; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let k = Tensor::ones((Batch, Other, Seq, HeadDim));
    let y = attention_weights(&q, &k, &Full);
}
