use congruent::{Tensor, dims, einsum};

dims! { Batch = 2; Heads = 3; Queries = 5; Keys = 7; HeadDim = 4; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Queries, HeadDim));
    let k = Tensor::ones((Batch, Heads, Keys, HeadDim));
    let scores = einsum!("b h i d, b h j d -> b h i j", q, k);
    assert_eq!(scores.sizes(), [2, 3, 5, 7]);
}
