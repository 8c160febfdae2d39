use congruent::nn::attention;
use congruent::{Causal, Packed, Tensor, dims};

dims! { Batch = 1; Heads = 1; Seq = 4; HeadDim = 1; }

fn attend(q: &Tensor<(Batch, Heads, Packed<Seq>, HeadDim)>, v: &Tensor<(Batch, Heads, Packed<Seq>, HeadDim)>) {
    let y = attention(q, q, v, &Causal);
}

fn main() {}
