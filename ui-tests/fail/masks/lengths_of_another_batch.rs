use congruent::prelude::*;

dims! { Batch = 2; Other = 3; Seq = 5; Heads = 3; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Ragged(Seq), HeadDim));
    let lengths = Lengths::new(Other, Ragged(Seq), &[5, 5, 5]).unwrap();
    let y = attention(&x, &x, &x, &lengths);
}
