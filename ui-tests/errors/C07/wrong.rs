use congruent::nn::attention;
use congruent::{Causal, Lengths, Ragged, Tensor, dims};

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 4; }

fn main() {
    let _lengths = Lengths::new(Batch, Ragged(Seq), &[5, 2]).unwrap();
    let x = Tensor::ones((Batch, Heads, Ragged(Seq), HeadDim));
    let _y = attention(&x, &x, &x, &Causal);
}
