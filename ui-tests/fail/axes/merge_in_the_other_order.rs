use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Heads, HeadDim));
    let y = x.merge(HeadDim, Heads);
}
