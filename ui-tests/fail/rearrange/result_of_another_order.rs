use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; }

fn heads(x: &Tensor<(Batch, Seq, Times<Heads, HeadDim>)>) -> Tensor<(Batch, Heads, Seq, HeadDim)> {
    rearrange!(x, "b s (h d) -> b s h d")
}

fn main() {
    heads(&Tensor::ones((Batch, Seq, Times(Heads, HeadDim))));
}
