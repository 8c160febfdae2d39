use congruent::nn::Linear;
use congruent::{Tensor, Times, dims};

dims! { Batch = 1; Heads = 2; Seq = 2; HeadDim = 2; Embed = 4; }

fn project(heads: &Tensor<(Batch, Heads, Seq, HeadDim)>, output: &Linear<Times<Heads, HeadDim>, Embed>) {
    let y = output.forward(&heads.merge(Seq, HeadDim));
}

fn main() {}
