use congruent::prelude::*;

dims! { Batch = 1; Heads = 1; Seq = 4; HeadDim = 1; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Packed(Seq), HeadDim));
    let y = attention(&q, &q, &q, &Causal);
}
