use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; Past = 2; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let k = Tensor::ones((Batch, Heads, Plus(Seq, Past), HeadDim));
    let y = attention(&q, &k, &k, &Causal);
}
