use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Keys = 7; Heads = 3; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Ragged(Seq), HeadDim));
    let lengths = Lengths::new(Batch, Ragged(Keys), &[5, 5]).unwrap();
    let y = attention(&x, &x, &x, &Causal.and(lengths));
}
