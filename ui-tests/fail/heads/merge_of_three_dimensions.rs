use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Seq, HeadDim));
    let y = x.merge_heads();
}
