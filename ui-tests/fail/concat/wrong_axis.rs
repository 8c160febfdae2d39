use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; Past = 2; }

fn main() {
    let past = Tensor::ones((Batch, Heads, Past, HeadDim));
    let new = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let keys = past.concat(Heads, &new);
}
