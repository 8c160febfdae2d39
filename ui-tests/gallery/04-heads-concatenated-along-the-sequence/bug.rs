use congruent::nn::Linear;
use congruent::{Plus, Tensor, dims};

dims! { Batch = 1; Seq = 2; HeadDim = 2; Embed = 4; }

type Head = Tensor<(Batch, Seq, HeadDim)>;

fn project(first: &Head, second: &Head, output: &Linear<Plus<HeadDim, HeadDim>, Embed>) {
    let y = output.forward(&first.concat(Seq, second));
}

fn main() {}
