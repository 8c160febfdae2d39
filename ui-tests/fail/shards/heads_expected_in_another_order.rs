use congruent::dim::Shard;
use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Model = 2; Batch = 2; Seq = 5; Heads = 4; HeadDim = 3; Embed = 12; }

fn wrong(x: Tensor<(Batch, Seq, Times<HeadDim, Shard<Heads, Model>>)>, output: Linear<Times<Shard<Heads, Model>, HeadDim>, Embed>) {
    let y = output.forward(&x);
}

fn main() {}
