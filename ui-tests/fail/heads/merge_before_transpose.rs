use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Times(Heads, HeadDim))).split(Times(Heads, HeadDim));
    let y: Tensor<(Batch, Seq, Times<Heads, HeadDim>)> = x.merge_heads();
}
