use congruent::{Tensor, dims, einsum};

dims! { Batch = 2; Heads = 3; Queries = 5; Keys = 7; HeadDim = 4; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Queries, HeadDim));
    let one_head = Tensor::ones((Batch, Keys, HeadDim));
    let scores = einsum!("b h i d, b j d -> b h i j", q, one_head);
    assert_eq!(scores.sizes(), [2, 3, 5, 7]);
}
