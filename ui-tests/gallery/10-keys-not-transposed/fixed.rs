use congruent::{Tensor, dims};

dims! { Batch = 1; Heads = 2; Seq = 5; HeadDim = 4; }

fn main() {
    let (q, k) = (Tensor::ones((Batch, Heads, Seq, HeadDim)), Tensor::ones((Batch, Heads, Seq, HeadDim)));
    let scores: Tensor<(Batch, Heads, Seq, Seq)> = q.matmul(&k.transpose(Seq, HeadDim));
    assert_eq!(scores.to_vec(), [4.0; 50]);
}
