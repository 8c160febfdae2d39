use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; }

fn main() {
    let head = || Tensor::ones((Batch, Seq, HeadDim));
    let merged = Tensor::concat_heads(Heads, &Each::new(Heads, [head(), head()]));
}
