use congruent::{Tensor, dims};

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let _merged = x.merge(Heads, HeadDim);
}
