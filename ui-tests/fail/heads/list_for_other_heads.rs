use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; KeyHeads = 3; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let merged = Tensor::concat_heads(KeyHeads, &x.unstack(Heads));
}
