use congruent::nn::{Linear, attention};
use congruent::{Full, Tensor, Times, dims};

dims! { Batch = 1; Seq = 3; Heads = 2; HeadDim = 2; Embed = 4; }

fn attend(x: &Tensor<(Batch, Seq, Heads, HeadDim)>, output: &Linear<Times<Heads, HeadDim>, Embed>) {
    let y = attention(x, x, x, &Full);
    let z = output.forward(&y.merge_heads());
}

fn main() {}
