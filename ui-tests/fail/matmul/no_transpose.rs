use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let k = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let scores = q.matmul(&k);
}
