use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; HeadDim = 4; }

fn takes(_: Tensor<(Batch, Times<Heads, HeadDim>)>) {}

fn main() {
    takes(Tensor::ones((Batch, Times(HeadDim, Heads))));
}
