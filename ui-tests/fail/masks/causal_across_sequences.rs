use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Keys = 7; Heads = 3; HeadDim = 4; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let k = Tensor::ones((Batch, Heads, Keys, HeadDim));
    let y = attention(&q, &k, &k, &Causal);
}
