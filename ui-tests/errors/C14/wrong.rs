use congruent::{Tensor, dims};

dims! { Batch = 2; Heads = 3; Past = 7; New = 1; HeadDim = 4; }

fn main() {
    let past = Tensor::ones((Batch, Heads, Past, HeadDim));
    let new = Tensor::ones((Batch, Heads, New, HeadDim));
    let _keys = past.concat(HeadDim, &new);
}
