use congruent::{Tensor, dims, einsum};

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let scores = einsum!("b h i d, b h j d -> b h i j", x, x);
    let _weights = scores.softmax(Seq);
}
