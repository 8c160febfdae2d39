use congruent::{Tensor, dims, einsum};

dims! { Batch = 2; Heads = 3; Queries = 5; Keys = 7; HeadDim = 4; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Queries, HeadDim));
    let one_head = Tensor::ones((Batch, Keys, HeadDim));
    let _scores = einsum!("b h i d, b h j d -> b h i j", q, one_head);
}
