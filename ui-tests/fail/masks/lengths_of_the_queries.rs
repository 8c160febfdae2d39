use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Keys = 7; Heads = 3; HeadDim = 4; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Ragged(Seq), HeadDim));
    let k = Tensor::ones((Batch, Heads, Ragged(Keys), HeadDim));
    let lengths = Lengths::new(Batch, Ragged(Seq), &[5, 5]).unwrap();
    let y = attention(&q, &k, &k, &lengths);
}
