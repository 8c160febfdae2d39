use congruent::{Tensor, dims};

dims! { Batch = 1; Heads = 2; Seq = 5; HeadDim = 4; }

fn scores(q: &Tensor<(Batch, Heads, Seq, HeadDim)>, k: &Tensor<(Batch, Heads, Seq, HeadDim)>) {
    let scores = q.matmul(k);
}

fn main() {}
