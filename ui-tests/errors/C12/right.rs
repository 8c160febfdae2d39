use congruent::{Tensor, dims};

dims! { Batch = 2; Heads = 3; Queries = 5; Keys = 7; HeadDim = 4; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Queries, HeadDim));
    let k = Tensor::ones((Batch, Heads, Keys, HeadDim));
    let scores = q.matmul(&k.transpose(Keys, HeadDim));
    assert_eq!(scores.to_vec(), [4.0; 2 * 3 * 5 * 7]);
}
