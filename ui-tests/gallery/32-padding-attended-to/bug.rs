use congruent::nn::attention;
use congruent::{Full, Ragged, Tensor, dims};

dims! { Batch = 1; Heads = 1; Seq = 3; HeadDim = 2; }

fn attend(x: &Tensor<(Batch, Heads, Ragged<Seq>, HeadDim)>) {
    let y = attention(x, x, x, &Full);
}

fn main() {}
