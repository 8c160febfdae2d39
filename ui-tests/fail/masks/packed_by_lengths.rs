use congruent::prelude::*;

dims! { Batch = 1; Heads = 1; Seq = 4; HeadDim = 1; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Packed(Seq), HeadDim));
    let lengths = Lengths::new(Batch, Packed(Seq), &[4]).unwrap();
    let y = attention(&q, &q, &q, &Causal.and(lengths));
}
