use congruent::prelude::*;

dims! { Batch = 1; Other = 1; Heads = 1; Seq = 4; HeadDim = 1; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Packed(Seq), HeadDim));
    let segments = Segments::new(Other, Packed(Seq), &[[2, 2]]).unwrap();
    let y = attention(&q, &q, &q, &Causal.and(segments));
}
