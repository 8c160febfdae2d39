use congruent::mask::PreparedMask;
use congruent::prelude::*;

dims! { Batch = 2; Other = 3; Heads = 1; Seq = 5; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Ragged(Seq), HeadDim));
    let lengths = Lengths::new(Other, Ragged(Seq), &[5, 2, 1]).unwrap();
    let mask: PreparedMask<Other, Ragged<Seq>, Ragged<Seq>> = PreparedMask::new(&lengths, &x.device());
    let y = attention(&x, &x, &x, &mask);
}
