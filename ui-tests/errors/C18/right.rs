use congruent::{Tensor, dims};

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let merged = x.permute((Batch, Seq, Heads, HeadDim)).merge(Heads, HeadDim);
    assert_eq!(merged.sizes(), [2, 5, 12]);
}
