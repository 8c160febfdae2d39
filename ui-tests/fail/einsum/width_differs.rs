use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Keys = 7; Heads = 3; HeadDim = 4; Wide = 8; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let k = Tensor::ones((Batch, Heads, Keys, Wide));
    let scores = einsum!("b h i d, b h j d -> b h i j", q, k);
}
